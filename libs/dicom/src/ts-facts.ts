import { inputError, toError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import { nominalRate, reducedRate } from './frame-rate.ts';
import { H264Scanner, HevcScanner } from './nal-scanner.ts';
import { beginsTransportStream, chunksOf, packetsIn, pesOf, programOf, TS_PACKET } from './transport-stream.ts';
import type { VideoFacts } from './video-facts.ts';

/** Presentation times have 33 bits (ISO/IEC 13818-1 2.4.3.6). */
const WRAP = 2 ** 33;
const CLOCK = 90_000;

/** Is this a transport stream of packets of 188 bytes? */
export const isTransportStream = async (source: ByteSource): Promise<boolean> =>
  beginsTransportStream(await source.read(0, TS_PACKET + 1), source.size);

/**
 * Reads profile, level, size, rate, kind of GOP and number of frames of H.264 or HEVC in a transport stream out of the
 * bit stream itself (parameter sets and slice headers), the rate out of the presentation times. Reads the whole payload
 * once, in pieces. Of several video streams the first of the first program.
 * @throws SmartBoxError `not-mpegts`, `unsupported-codec`, `no-parameter-set`, `not-at-keyframe`, `stream-changes`,
 * `clock-changes`, `mpegts-malformed`
 */
export async function readTsFacts(source: ByteSource): Promise<VideoFacts> {
  if (!(await isTransportStream(source)))
    throw inputError('not-mpegts', 'The payload is no MPEG transport stream of 188-byte packets (ISO 13818-1 2.4.3.2)');
  try {
    return await videoFacts(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw inputError('mpegts-malformed', `The transport stream cannot be read: ${toError(error).message}`);
  }
}

async function videoFacts(source: ByteSource): Promise<VideoFacts> {
  const program = await programOf(source);
  if (!program?.video)
    throw inputError('unsupported-codec', 'The transport stream announces neither H.264 nor HEVC (ISO 13818-1 2.4.4)');
  const { pid, codec } = program.video;
  const scanner = codec === 'h264' ? new H264Scanner() : new HevcScanner();
  const times: number[] = [];
  let begun = false;
  for await (const chunk of chunksOf(source)) {
    const pieces: Buffer[] = [];
    for (const packet of packetsIn(chunk)) {
      if (packet.pid !== pid) continue;
      if (packet.discontinuity && begun)
        throw inputError('clock-changes', 'The clock of the transport stream begins anew in its middle: cut it there');
      const pes = packet.starts ? pesOf(packet.bytes) : undefined;
      if (!begun && !pes) continue;
      begun = true;
      if (pes?.pts !== undefined) times.push(unwrapped(pes.pts, times.at(-1)));
      pieces.push(pes ? pes.payload : packet.bytes);
    }
    scanner.push(Buffer.concat(pieces));
  }
  scanner.push(Buffer.alloc(0), true);
  const { sps, frames, closedGop } = scanner;
  if (!sps || frames === 0)
    throw inputError('no-parameter-set', `The ${codec} stream has no sequence parameter set, or no picture`);
  const { frameNumBits: _, ...facts } = { frameNumBits: undefined, ...sps };
  return {
    ...facts,
    ...timing(times, frames),
    container: 'mpegts',
    codec,
    frames,
    bFrames: times.some((time, i) => time < (times[i - 1] ?? time)),
    closedGop,
    audioTracks: program.audioTracks,
  };
}

/** The nearest time to the one before: what wrapped goes on. */
function unwrapped(pts: number, before: number | undefined): number {
  if (before === undefined) return pts;
  return pts + WRAP * Math.round((before - pts) / WRAP);
}

/** A difference of one tick is rounding (59.94 frames/s on a 90 kHz clock), not a variable rate. */
function timing(
  times: readonly number[],
  frames: number,
): Pick<VideoFacts, 'frameRate' | 'constantFrameRate' | 'durationMs' | 'frameTimesMs'> {
  const all = times.toSorted((a, b) => a - b);
  // of two fields the first says when their frame is shown
  const shown = times.length === 2 * frames ? all.filter((_, i) => i % 2 === 0) : all;
  const span = (shown.at(-1) ?? 0) - (shown[0] ?? 0);
  const frameRate = span > 0 ? nominalRate(reducedRate((frames - 1) * CLOCK, span)) : { num: 0, den: 1 };
  const durationMs = frameRate.num > 0 ? (1000 * frames * frameRate.den) / frameRate.num : 0;
  // not every picture needs a time of its own (2.7.4): then nobody can say when the others are shown
  if (shown.length !== frames) return { frameRate, constantFrameRate: false, durationMs };
  const steps = shown.map((time, i) => time - (shown[i - 1] ?? time));
  const [least, most] = steps.slice(1).reduce(([low, high], step) => [Math.min(low, step), Math.max(high, step)], [Infinity, -Infinity]); // prettier-ignore
  const constantFrameRate = frames > 1 && most - least <= 1;
  const frameTimesMs = steps.map((step) => (1000 * step) / CLOCK);
  return { frameRate, constantFrameRate, durationMs, ...(constantFrameRate ? {} : { frameTimesMs }) };
}
