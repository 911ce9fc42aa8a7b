import { z } from 'zod';
import { Rational, Sha256, Token, Ulid } from './primitives.ts';

/** Every time in the ring counts in this scale (ticks per second), as in MPEG-TS and most MP4 tracks. */
export const TIMESCALE = 90_000;

/**
 * Headers of one ring message. The payload is `init` (ftyp+moov, `initBytes` long, may be 0 on a continuation)
 * followed by one CMAF fragment (moof+mdat, ISO/IEC 23000-19 section 7.3.2). A message with `keyframe` starts a GOP
 * and is playable alone; a GOP above 4 MB continues in messages with `keyframe: false`.
 * Sample sizes and durations stand in the headers so that a reader of headers alone can lay out a whole clip.
 */
export const RingHeaders = z.object({
  station: Token,
  source: Token,
  procedure: Ulid,
  /** Changes with every start of the source's process and every change of format. */
  epoch: Ulid,
  /** From 0 within the epoch, without holes. */
  sequence: z.coerce.number().int().nonnegative(),
  /** Wall clock at the first frame: a label. */
  capturedAt: z.iso.datetime({ offset: true }),
  /** CLOCK_MONOTONIC of the station at the first frame, nanoseconds: the same scale for all its sources. */
  monotonicNs: z.string().regex(/^\d+$/),
  /** Decode time of the first frame in the epoch, ticks of TIMESCALE (equals tfdt). */
  baseTime: z.coerce.number().int().nonnegative(),
  keyframe: z.stringbool({ truthy: ['1'], falsy: ['0'] }),
  frames: z.coerce.number().int().positive(),
  /** Ticks per frame, `,`-separated; one value where all are equal. */
  sampleDurations: z.string().regex(/^\d+(,\d+)*$/),
  /** Bytes per frame, `,`-separated. */
  sampleSizes: z.string().regex(/^\d+(,\d+)*$/),
  /** Lost time before this fragment, ticks; 0 in the normal case. */
  gapBefore: z.coerce.number().int().nonnegative(),
  gapReason: z.enum(['source-restarted', 'no-signal', 'spool-overflow', 'none']).default('none'),
  initBytes: z.coerce.number().int().nonnegative(),
  /** Of the whole payload. */
  sha256: Sha256,
  /** RFC 6381, e.g. avc1.640029 */
  codec: z.string(),
  width: z.coerce.number().int().positive(),
  height: z.coerce.number().int().positive(),
  /** `30/1` */
  frameRate: z.string().regex(/^\d+\/\d+$/),
  /** Encoder and its exact options, or `passthrough`. */
  encoder: z.string(),
});
export type RingHeaders = z.infer<typeof RingHeaders>;

const names: Readonly<Record<keyof RingHeaders, string>> = {
  station: 'Smartbox-Station',
  source: 'Smartbox-Source',
  procedure: 'Smartbox-Procedure',
  epoch: 'Smartbox-Epoch',
  sequence: 'Smartbox-Sequence',
  capturedAt: 'Smartbox-Captured-At',
  monotonicNs: 'Smartbox-Monotonic-Ns',
  baseTime: 'Smartbox-Base-Time',
  keyframe: 'Smartbox-Keyframe',
  frames: 'Smartbox-Frames',
  sampleDurations: 'Smartbox-Sample-Durations',
  sampleSizes: 'Smartbox-Sample-Sizes',
  gapBefore: 'Smartbox-Gap-Before',
  gapReason: 'Smartbox-Gap-Reason',
  initBytes: 'Smartbox-Init-Bytes',
  sha256: 'Smartbox-Sha256',
  codec: 'Smartbox-Codec',
  width: 'Smartbox-Width',
  height: 'Smartbox-Height',
  frameRate: 'Smartbox-Frame-Rate',
  encoder: 'Smartbox-Encoder',
};
const keys = Object.keys(names) as (keyof RingHeaders)[];

/** Headers as NATS carries them: strings only. */
export function formatRingHeaders(headers: RingHeaders): Record<string, string> {
  const text = (value: string | number | boolean) => (typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  return Object.fromEntries(keys.map((key) => [names[key], text(headers[key])]));
}

/** Reads and checks the headers of a ring message. @throws ZodError naming the header that is wrong. */
export function parseRingHeaders(get: (name: string) => string | undefined): RingHeaders {
  return RingHeaders.parse(Object.fromEntries(keys.map((key) => [key, get(names[key]) || undefined])));
}

/** `Nats-Msg-Id` of a ring message. */
export function ringMessageId(h: Pick<RingHeaders, 'station' | 'source' | 'epoch' | 'sequence'>): string {
  return `${h.station}/${h.source}/${h.epoch}/${h.sequence}`;
}

export function parseFrameRate(text: string): Rational {
  const [num, den] = text.split('/').map(Number);
  return Rational.parse({ num, den });
}
