import { createHash } from 'node:crypto';
import type { RingHeaders } from '@smartbox/contracts';
import type { Placed } from '../domain/ring-track.ts';
import type { CapturedFragment } from '../worker/protocol.ts';

interface Labelled {
  readonly station: string;
  readonly source: string;
  readonly procedure: string;
  readonly capturedAt: Date;
  readonly placed: Placed;
  readonly fragment: CapturedFragment;
}

/** A fragment as the ring carries it: the init segment before each GOP's first part, and all headers. */
export function ringMessage({ fragment, placed, capturedAt, ...who }: Labelled): {
  headers: RingHeaders;
  payload: Buffer;
} {
  const init = fragment.keyframe ? fragment.init : new Uint8Array();
  const payload = Buffer.concat([init, fragment.data]);
  const headers: RingHeaders = {
    ...who,
    ...placed,
    capturedAt: capturedAt.toISOString(),
    monotonicNs: String((BigInt(Math.round(fragment.baseTicks)) * 100_000n) / 9n),
    baseTime: fragment.baseTicks,
    keyframe: fragment.keyframe,
    frames: fragment.frames,
    sampleDurations: compact(fragment.sampleDurations),
    sampleSizes: fragment.sampleSizes.join(','),
    initBytes: init.byteLength,
    sha256: createHash('sha256').update(payload).digest('hex'),
    ...fragment.format,
  };
  return { headers, payload };
}

function compact(values: readonly number[]): string {
  const [first] = values;
  return values.every((value) => value === first) ? String(first) : values.join(',');
}
