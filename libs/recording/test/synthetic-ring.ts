import { hash } from 'node:crypto';
import { TIMESCALE, type RingHeaders } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { box, fullBox, u16, u32, u64 } from '../src/mp4/boxes.ts';
import { ticksToNs, type RingEntry } from '../src/index.ts';

/** A ring message with bytes that only a table reader cares about: no picture is in them. */
export interface Message extends RingEntry {
  payload: Buffer;
}

export interface FragmentSpec {
  source?: string;
  procedure?: string;
  epoch: string;
  sequence: number;
  /** Ticks. */
  baseTime: number;
  monotonicNs: bigint;
  durations: number[];
  sizes: number[];
  keyframe?: boolean;
  gapBefore?: number;
  gapReason?: RingHeaders['gapReason'];
  /** Makes the sample entry of one format differ from another's. */
  format?: number;
}

export const PROCEDURE = newId();
/** Wall clock and broker's clock at monotonic 0. */
export const T0 = Date.parse('2026-01-01T10:00:00.000Z');
/** Between the end of a fragment and its storage. */
export const DELAY_MS = 40;

const filled = (size: number, seed: number) => Buffer.alloc(size, (seed * 31 + size) & 0xff);

function initSegment(format: number): Buffer {
  const entry = box('avc1', Buffer.alloc(78), box('avcC', u32(format)));
  const stbl = box('stbl', fullBox('stsd', 0, 0, u32(1), entry));
  const mdhd = fullBox('mdhd', 0, 0, u32(0, 0, TIMESCALE, 0), u16(0x55c4, 0));
  const tkhd = fullBox('tkhd', 0, 3, Buffer.alloc(72), u32(1280 << 16, 720 << 16));
  return Buffer.concat([
    box('ftyp', Buffer.from('iso6')),
    box('moov', box('trak', tkhd, box('mdia', mdhd, box('minf', stbl)))),
  ]);
}

export function message(spec: FragmentSpec, streamSequence: number): Message {
  const { sizes, durations, epoch, sequence, baseTime, monotonicNs } = spec;
  const init = spec.keyframe === false ? Buffer.alloc(0) : initSegment(spec.format ?? 1);
  const rows = sizes.flatMap((size, index) => [durations[index] ?? 0, size]);
  const moof = (offset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(1)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x20000, u32(1)),
        fullBox('tfdt', 1, 0, u64(baseTime)),
        fullBox('trun', 0, 0x301, u32(sizes.length, offset), u32(...rows)),
      ),
    );
  const samples = sizes.map((size, index) => filled(size, sequence * 100 + index));
  const payload = Buffer.concat([init, moof(moof(0).length + 8), box('mdat', ...samples)]);
  const ticks = durations.reduce((sum, duration) => sum + duration, 0);
  const wallMs = T0 + Number(monotonicNs / 1000n) / 1000;
  const headers: RingHeaders = {
    station: 'or-1',
    source: spec.source ?? 'cam',
    procedure: spec.procedure ?? PROCEDURE,
    epoch,
    sequence,
    capturedAt: new Date(wallMs).toISOString(),
    monotonicNs: String(monotonicNs),
    baseTime,
    keyframe: spec.keyframe ?? true,
    frames: sizes.length,
    sampleDurations: durations.join(','),
    sampleSizes: sizes.join(','),
    gapBefore: spec.gapBefore ?? 0,
    gapReason: spec.gapReason ?? 'none',
    initBytes: init.length,
    sha256: hash('sha256', payload),
    codec: 'avc1.64001f',
    width: 1280,
    height: 720,
    frameRate: '30/1',
    encoder: 'libx264 preset=superfast',
  };
  const brokerMs = wallMs + Number(ticksToNs(ticks) / 1000n) / 1000 + DELAY_MS;
  return { streamSequence, brokerMs, payloadBytes: payload.length, headers, payload };
}

/** `count` GOPs of one second at 30 fps. */
export function steady(
  count: number,
  options: Partial<FragmentSpec> & { fromMs?: number; from?: number } = {},
): Message[] {
  const epoch = options.epoch ?? newId();
  return Array.from({ length: count }, (_, index) =>
    message(
      {
        ...options,
        epoch,
        sequence: (options.sequence ?? 0) + index,
        baseTime: (options.baseTime ?? 0) + index * TIMESCALE,
        monotonicNs: BigInt(options.fromMs ?? 0) * 1_000_000n + BigInt(index) * 1_000_000_000n,
        durations: new Array<number>(30).fill(3000),
        sizes: Array.from({ length: 30 }, (_, frame) => (frame === 0 ? 900 : 100 + frame)),
      },
      (options.from ?? 1) + index,
    ),
  );
}

export async function* payloadsOf(messages: Iterable<Message>) {
  for (const { headers, payload } of messages) {
    await Promise.resolve();
    yield { epoch: headers.epoch, sequence: headers.sequence, payload };
  }
}

export function initsOf(messages: Iterable<Message>): Map<string, Buffer> {
  const inits = new Map<string, Buffer>();
  for (const { headers, payload } of messages) {
    if (headers.initBytes > 0) inits.set(headers.epoch, payload.subarray(0, headers.initBytes));
  }
  return inits;
}
