import type { CompressionAnalysis, QualitySummary, VideoFacts } from '@smartbox/contracts';
import { compressionRatio } from '@smartbox/dicom';

/** What coding a film anew cost and kept. @param quality against what it was made of, where that was measured */
export function compressionOf(
  video: VideoFacts,
  bytes: number,
  durationMs: number,
  quality: QualitySummary | undefined,
): CompressionAnalysis {
  const cost = { ratio: compressionRatio(video, bytes), durationMs };
  if (!quality) return cost;
  const { psnr, ssim, frames, identicalFrames } = quality;
  return {
    ...cost,
    ...(psnr.average === null ? {} : { psnr: psnr.average }),
    ssim: Math.min(1, Math.max(0, ssim.average)),
    comparedFrames: frames.compared,
    identical: identicalFrames === frames.compared,
  };
}
