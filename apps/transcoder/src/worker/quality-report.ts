import { writeFile } from 'node:fs/promises';
import type { QualityReport as Report, QualitySummary } from '@smartbox/contracts';
import type { QualityReport } from '@smartbox/media/native';

const finite = (value: number | 'inf'): number | null => (value === 'inf' ? null : value);

/** Writes a report as the contracts know it; the summary is what the event carries. */
export async function writeReport(measured: QualityReport, path: string): Promise<QualitySummary> {
  const { psnr, ssim, xpsnr, frames, identicalFrames, worstFrame, thresholds, passed, notes } = measured;
  const summary: QualitySummary = {
    psnr: { average: finite(psnr.average), min: finite(psnr.min) },
    ssim,
    xpsnr: { average: finite(xpsnr.average), min: finite(xpsnr.min) },
    frames,
    identicalFrames,
    repeatedFrames: measured.repeatedFrames.length,
    blackFrames: measured.blackFrames.length,
    worstFrame,
    thresholds,
    passed,
    notes: [...notes],
  };
  const report: Report = {
    ...summary,
    curve: measured.curve.map((one) => ({ ...one, psnr: finite(one.psnr), xpsnr: finite(one.xpsnr) })),
    scenes: measured.scenes.map((scene) => ({ ...scene, psnr: finite(scene.psnr) })),
  };
  await writeFile(path, JSON.stringify(report));
  return summary;
}
