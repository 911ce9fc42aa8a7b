import { parseFrameRate, type ClipSource } from '@smartbox/contracts';
import type { ClipManifest, MovieLayout, SourcePlan } from '@smartbox/recording';
import { manifestKey } from './keys.ts';

export interface StoredFile {
  key: string;
  bytes: number;
  sha256: string;
}

/** The manifest of a file that was written after a plan. */
export function manifestOf(
  clip: Pick<ClipManifest, 'clipId' | 'kind' | 'stationId' | 'procedureId' | 'anchorMs' | 'requestedMs'>,
  plan: SourcePlan,
  layout: MovieLayout,
  stored: StoredFile,
): ClipManifest {
  const [first] = plan.fragments;
  if (!first) throw new RangeError('a plan without fragments');
  const { headers } = first.entry;
  return {
    version: 1,
    clipId: clip.clipId,
    kind: clip.kind,
    stationId: clip.stationId,
    procedureId: clip.procedureId,
    sourceId: plan.sourceId,
    key: stored.key,
    bytes: stored.bytes,
    sha256: stored.sha256,
    anchorMs: clip.anchorMs,
    requestedMs: clip.requestedMs,
    startedAt: headers.capturedAt,
    startMonotonicNs: String(plan.startNs),
    endMonotonicNs: String(plan.endNs),
    frames: plan.frames,
    durationMs: plan.durationMs,
    width: headers.width,
    height: headers.height,
    frameRate: parseFrameRate(headers.frameRate),
    codec: headers.codec,
    encoder: headers.encoder,
    formats: layout.formats,
    gaps: plan.gaps,
    fragments: plan.fragments.map(({ entry, sizes, bytes }) => ({
      epoch: entry.headers.epoch,
      sequence: entry.headers.sequence,
      sha256: entry.headers.sha256,
      bytes,
      frames: sizes.length,
    })),
  };
}

/** What the event says about a source, as its manifest has it. `pacs`: from the station's configuration. */
export function clipSourceOf(manifest: ClipManifest, pacs: boolean): ClipSource {
  const { sourceId, key, bytes, sha256, frames, durationMs, startedAt, startMonotonicNs, endMonotonicNs } = manifest;
  const { width, height, frameRate, codec, encoder, gaps, formats } = manifest;
  return {
    sourceId,
    key,
    manifestKey: manifestKey(manifest.clipId, sourceId),
    ...{ bytes, sha256, frames, durationMs, startedAt, startMonotonicNs, endMonotonicNs },
    ...{ width, height, frameRate, codec, encoder, gaps, formats },
    pacs,
  };
}
