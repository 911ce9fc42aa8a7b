import { isMet, ratioOf, targetText, type Benchmark, type BenchmarkResult, type Pair } from './pairs.ts';
import { machine } from './report.ts';

/** Runs ours and the peer alternately, so that a slow minute of the machine hits both. */
export async function run(
  benchmark: Benchmark,
  count: number,
  versions: Record<string, string>,
  report: (line: string) => void,
): Promise<BenchmarkResult> {
  report(`${benchmark.name}: ours against ${benchmark.peer}, ${count} pairs`);
  const { ours, peer, tearDown, notes } = await benchmark.setUp(report);
  const pairs: Pair[] = [];
  try {
    for (let i = 0; i < count; i++) {
      // Alternate who goes first: caches and write-back favour the second.
      const first = i % 2 === 0;
      const a = await (first ? ours : peer)();
      const b = await (first ? peer : ours)();
      const pair = first ? { ours: a, peer: b } : { ours: b, peer: a };
      pairs.push(pair);
      const ratio = (pair.ours / pair.peer).toFixed(2);
      report(
        `  ${i + 1}/${count}  ours ${pair.ours.toFixed(1)}  peer ${pair.peer.toFixed(1)} ${benchmark.unit}  ratio ${ratio}`,
      );
    }
  } finally {
    await tearDown();
  }
  const ratio = ratioOf(pairs);
  return {
    name: benchmark.name,
    unit: benchmark.unit,
    peer: benchmark.peer,
    pairs,
    ratio,
    target: targetText(benchmark.target),
    met: isMet(ratio.median, benchmark.target),
    notes: notes?.() ?? [],
    machine: machine(),
    versions,
    at: new Date().toISOString(),
  };
}
