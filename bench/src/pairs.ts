/** One side of a pair: does the work once and says how much of `unit` it took (time) or reached (rate). */
export type Side = () => Promise<number>;

export interface Benchmark {
  name: string;
  /** What both sides are measured in, e.g. `ms` or `MB/s`. */
  unit: string;
  /** What ours is compared with, e.g. `cp + sync`. */
  peer: string;
  /** The ratio ours/peer has to be at most (times) or at least (rates) this. */
  target: { atMost: number } | { atLeast: number };
  /** Starts what it needs; the returned sides are called alternately. */
  setUp(
    report: (line: string) => void,
  ): Promise<{ ours: Side; peer: Side; tearDown: () => Promise<void>; notes?: () => string[] }>;
}

export interface Pair {
  ours: number;
  peer: number;
}

export interface BenchmarkResult {
  name: string;
  unit: string;
  peer: string;
  pairs: Pair[];
  ratio: { median: number; min: number; max: number };
  target: string;
  met: boolean;
  notes: string[];
  machine: { cpu: string; cores: number; memoryGiB: number; platform: string };
  versions: Record<string, string>;
  at: string;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Median and spread of ours/peer over the pairs. */
export function ratioOf(pairs: readonly Pair[]): { median: number; min: number; max: number } {
  const ratios = pairs.map((p) => p.ours / p.peer);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

export function isMet(ratio: number, target: Benchmark['target']): boolean {
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}

export const targetText = (target: Benchmark['target']) =>
  'atMost' in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
