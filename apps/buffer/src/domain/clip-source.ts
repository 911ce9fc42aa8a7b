import { parseFrameRate, type ClipSource } from '@smartbox/contracts';
import { ticksToMs, type ClipManifest, type MovieLayout, type PlannedHead, type SourcePlan } from '@smartbox/recording';
import type { HeadAnswer } from './head.ts';
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
  begun: { head?: HeadAnswer | undefined; inexact?: string | undefined } = {},
): ClipManifest {
  const [first] = plan.head?.fragments ?? plan.fragments;
  if (!first) throw new RangeError('a plan without fragments');
  const { headers } = first.entry;
  const startedAt = new Date(Date.parse(headers.capturedAt) + leadMs(plan)).toISOString();
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
    startedAt: plan.head ? startedAt : headers.capturedAt,
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
    ...(begun.head && plan.head ? { cut: cutOf(plan, plan.head, begun.head) } : {}),
    ...(begun.inexact === undefined ? {} : { inexact: begun.inexact }),
    fragments: plan.fragments.map(({ entry, sizes, bytes }) => ({
      epoch: entry.headers.epoch,
      sequence: entry.headers.sequence,
      sha256: entry.headers.sha256,
      bytes,
      frames: sizes.length,
    })),
  };
}

/** From the beginning of the GOP to the first frame of the clip. */
function leadMs({ head }: SourcePlan): number {
  const durations = head?.fragments.flatMap((fragment) => fragment.durations).slice(0, head.lead) ?? [];
  return ticksToMs(durations.reduce((sum, duration) => sum + duration, 0));
}

function cutOf(plan: SourcePlan, head: PlannedHead, made: HeadAnswer): NonNullable<ClipManifest['cut']> {
  const { encoder, psnr, ssim } = made;
  const reencodedFrames = made.sizes.length;
  return {
    copiedFrames: plan.frames - reencodedFrames,
    reencodedFrames,
    ...{ encoder, psnr, ssim },
    frames: made.frames.map(({ sourceHash, hash }, i) => ({ frame: head.lead + i, sourceSha256: sourceHash, sha256: hash })), // prettier-ignore
    from: head.fragments.map(({ entry: { headers: h } }) => ({ epoch: h.epoch, sequence: h.sequence, sha256: h.sha256 })), // prettier-ignore
  };
}

/** What the event says about a source, as its manifest has it. `pacs`: from the station's configuration. */
export function clipSourceOf(manifest: ClipManifest, pacs: boolean): ClipSource {
  const { sourceId, key, bytes, sha256, frames, durationMs, startedAt, startMonotonicNs, endMonotonicNs } = manifest;
  const { width, height, frameRate, codec, encoder, gaps, formats, cut, inexact } = manifest;
  return {
    sourceId,
    key,
    manifestKey: manifestKey(manifest.clipId, sourceId),
    ...{ bytes, sha256, frames, durationMs, startedAt, startMonotonicNs, endMonotonicNs },
    ...{ width, height, frameRate, codec, encoder, gaps, formats },
    ...(cut ? { cut: { copiedFrames: cut.copiedFrames, reencodedFrames: cut.reencodedFrames } } : {}),
    ...(inexact === undefined ? {} : { inexact }),
    pacs,
  };
}
