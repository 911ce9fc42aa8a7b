import { createHash } from 'node:crypto';
import {
  buckets,
  formatRingHeaders,
  ringMessageId,
  ringSubject,
  StationProcedure,
  TIMESCALE,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { syntheticFragments } from '@smartbox/media/native';
import type { Messaging } from '@smartbox/messaging';

export interface Shot {
  procedure: string;
  /** Seconds since some beginning, on the station's monotonic clock. */
  at: number;
  seconds: number;
  /** The burnt-in counter of the first frame. */
  counter: number;
  epoch?: string;
  source?: string;
  width?: number;
}

const BEGINNING = Date.now() - 60_000;

/** Puts real video into the ring of or-1 as the capture edge does, a fragment a second. Returns stream sequences. */
export async function shoot(edge: Messaging, shot: Shot): Promise<number[]> {
  const { procedure, at, seconds, counter, epoch = newId(), source = 'scope', width = 640 } = shot;
  const height = (width * 9) / 16;
  const firstPts = at * TIMESCALE;
  const fragments = syntheticFragments({ width, height, frames: seconds * 30, firstCounter: counter, firstPts });
  const sequences: number[] = [];
  for (const [sequence, fragment] of fragments.entries()) {
    const payload = Buffer.concat([fragment.init, fragment.data]);
    const baseTime = fragment.baseMediaDecodeTime;
    const headers = {
      station: 'or-1',
      source,
      procedure,
      epoch,
      sequence,
      capturedAt: new Date(BEGINNING + (baseTime / TIMESCALE) * 1000).toISOString(),
      monotonicNs: String(BigInt(Math.round((baseTime * 1e9) / TIMESCALE))),
      baseTime,
      keyframe: fragment.keyframe,
      frames: fragment.frames,
      sampleDurations: fragment.sampleDurations.join(','),
      sampleSizes: fragment.sampleSizes.join(','),
      gapBefore: 0,
      gapReason: 'none' as const,
      initBytes: fragment.init.length,
      sha256: createHash('sha256').update(payload).digest('hex'),
      codec: 'avc1.640029',
      width,
      height,
      frameRate: '30/1',
      encoder: 'libx264',
    };
    const sent = await edge.ring.publishRing(
      ringSubject('or-1', source),
      payload,
      formatRingHeaders(headers),
      ringMessageId(headers),
    );
    sequences.push(sent.sequence);
  }
  return sequences;
}

/** What the catalog says of the room. */
export async function setProcedure(messaging: Messaging, procedureId: string | null): Promise<void> {
  const store = await messaging.kv(buckets.procedures.name, StationProcedure, { history: buckets.procedures.history });
  await store.put('station.or-1', { stationId: 'or-1', procedureId, since: new Date().toISOString() });
}
