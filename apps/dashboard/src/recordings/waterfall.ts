import type { ClipDetail } from '@smartbox/contracts';

type Step = ClipDetail['journey'][number];

export interface Bar {
  step: Step;
  /** Percent of the whole span. */
  left: number;
  width: number;
  durationMs: number;
  running: boolean;
}

/** Lays the steps of a journey out on one time axis, earliest first; a step without an end runs until now. */
export function layOut(steps: readonly Step[], now: number): { bars: Bar[]; totalMs: number } {
  const spans = steps
    .map((step) => {
      const start = Date.parse(step.startedAt);
      const end = step.endedAt === undefined ? now : Date.parse(step.endedAt);
      return { step, start, end: Math.max(start, end), running: step.endedAt === undefined && !step.failed };
    })
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const from = Math.min(...spans.map((s) => s.start));
  const to = Math.max(...spans.map((s) => s.end));
  const total = spans.length === 0 ? 0 : to - from;
  const percent = (ms: number) => (total === 0 ? 0 : (ms / total) * 100);
  return {
    totalMs: total,
    bars: spans.map(({ step, start, end, running }) => ({
      step,
      left: percent(start - from),
      width: percent(end - start),
      durationMs: end - start,
      running,
    })),
  };
}
