import { createHash } from 'node:crypto';
import { formatRingHeaders, ringMessageId, ringSubject, TIMESCALE, type RingHeaders } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { buildFragment, readBoxes, type MediaFragment, type Sample } from '@smartbox/media';
import { syntheticFragments } from '@smartbox/media/native';
import { Messaging, type MessagingOptions } from '@smartbox/messaging';

export interface RingFilling {
  station: string;
  sources: readonly string[];
  procedure: string;
  /** One second each. */
  seconds: number;
  width?: number;
  height?: number;
  /** bit/s; the GOP is filled up to exactly this. */
  bitrate?: number;
  /** Corrupts the payload of these seconds (the hash in the header stays): what a flipped bit on a disk does. */
  corrupt?: readonly number[];
}

const FRAMES = 30;
const FRAME_TICKS = TIMESCALE / FRAMES;

/** The samples of a fragment, taken out of its mdat. */
function samplesOf(fragment: MediaFragment): Buffer[] {
  const mdat = [...readBoxes(fragment.data)].find((box) => box.type === 'mdat');
  if (!mdat) throw new Error('a fragment without mdat');
  let offset = 0;
  return fragment.sampleSizes.map((size) => mdat.body.subarray(offset, (offset += size)));
}

/** A filler data NAL unit (ITU-T H.264, 7.3.2.7) of `bytes` with its length before it: decoders skip it. */
function filler(bytes: number): Buffer {
  const out = Buffer.alloc(bytes, 0xff);
  out.writeUInt32BE(bytes - 4, 0);
  out[4] = 12;
  out[bytes - 1] = 0x80;
  return out;
}

/** One real GOP of a second, filled up to the bit rate. */
function oneSecond(width: number, height: number, bitrate: number): { init: Buffer; samples: Buffer[] } {
  const [fragment] = syntheticFragments({ width, height, frames: FRAMES, bitrate });
  if (!fragment) throw new Error('the encoder gave nothing');
  const samples = samplesOf(fragment);
  const missing = bitrate / 8 - samples.reduce((sum, sample) => sum + sample.length, 0);
  const each = Math.floor(missing / samples.length);
  return {
    init: fragment.init,
    samples: each > 8 ? samples.map((one) => Buffer.concat([one, filler(each)])) : samples,
  };
}

export interface FilledMessage {
  payload: Buffer;
  headers: RingHeaders;
}

/** What capture-edge would publish: one really encoded GOP again and again, with the headers, times and hashes. */
export function* ringMessages(filling: RingFilling): Generator<FilledMessage> {
  const { station, procedure, seconds } = filling;
  const { width = 1920, height = 1080, bitrate = 8_000_000 } = filling;
  const gop = oneSecond(width, height, bitrate);
  const startedAt = Date.now() - seconds * 1000;
  const startedNs = process.hrtime.bigint() - BigInt(seconds) * 1_000_000_000n;
  const epochs = new Map(filling.sources.map((source) => [source, newId()]));
  for (let second = 0; second < seconds; second++) {
    for (const source of filling.sources) {
      const samples: Sample[] = gop.samples.map((data, i) => {
        const dts = second * TIMESCALE + i * FRAME_TICKS;
        return { data, dts, pts: dts, keyframe: i === 0 };
      });
      const fragment = buildFragment(gop.init, second, samples, Array<number>(FRAMES).fill(FRAME_TICKS));
      const payload = Buffer.concat([gop.init, fragment.data]);
      const headers: RingHeaders = {
        station,
        source,
        procedure,
        epoch: epochs.get(source) ?? '',
        sequence: second,
        capturedAt: new Date(startedAt + second * 1000).toISOString(),
        monotonicNs: String(startedNs + BigInt(second) * 1_000_000_000n),
        baseTime: second * TIMESCALE,
        keyframe: true,
        frames: FRAMES,
        sampleDurations: String(FRAME_TICKS),
        sampleSizes: fragment.sampleSizes.join(','),
        gapBefore: 0,
        gapReason: 'none',
        initBytes: gop.init.length,
        sha256: createHash('sha256').update(payload).digest('hex'),
        codec: 'avc1.640029',
        width,
        height,
        frameRate: `${FRAMES}/1`,
        encoder: 'libx264',
      };
      if (filling.corrupt?.includes(second)) payload[payload.length >> 1]! ^= 1;
      yield { payload, headers };
    }
  }
}

/** Puts minutes of video into a station's ring in seconds. For specs and benchmarks that need a full ring. */
export async function fillRing(nats: Omit<MessagingOptions, 'service'>, filling: RingFilling): Promise<void> {
  const messaging = await Messaging.connect({ ...nats, service: 'capture-edge' });
  try {
    const inFlight = new Set<Promise<unknown>>();
    for (const { payload, headers } of ringMessages(filling)) {
      const sent = messaging.ring.publishRing(
        ringSubject(headers.station, headers.source),
        payload,
        formatRingHeaders(headers),
        ringMessageId(headers),
        { timeoutMs: 30_000 },
      );
      const tracked = sent.finally(() => inFlight.delete(tracked));
      inFlight.add(tracked);
      if (inFlight.size >= 8) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  } finally {
    await messaging.close();
  }
}
