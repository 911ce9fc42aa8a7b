import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchmarkResult } from './pairs.ts';

const root = join(import.meta.dirname, '../..');
const results = join(root, 'bench/results');

export function machine(): BenchmarkResult['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    platform: `${platform()} ${release()}`,
  };
}

/** Writes `bench/results/<name>.json` and the table of all results in `docs/benchmarks.md`. */
export function writeResult(result: BenchmarkResult): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  const all = readdirSync(results)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(results, file), 'utf8')) as BenchmarkResult);
  writeFileSync(join(root, 'docs/benchmarks.md'), table(all));
}

function table(all: readonly BenchmarkResult[]): string {
  const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
  const rows = all.map((r) => {
    const ours = middle(r.pairs.map((p) => p.ours));
    const peer = middle(r.pairs.map((p) => p.peer));
    const ratio = `**${number(r.ratio.median)}** (${number(r.ratio.min)}-${number(r.ratio.max)})`;
    return `| ${r.name} | ${number(ours)} ${r.unit} | ${number(peer)} ${r.unit} (${r.peer}) | ${ratio} | ${r.target} | ${r.met ? 'met' : 'missed'} | ${r.pairs.length} |`;
  });
  const notes = all
    .filter((r) => r.notes.length > 0)
    .flatMap((r) => [`### ${r.name}`, '', ...r.notes.map((n) => `- ${n}`), '']);
  return [
    '# Benchmarks',
    '',
    'Ratios against a peer, measured alternately in one run on one machine: `npm run bench -- <name>` (`--quick` for 3 pairs). Absolute times mean little; the ratio is the figure.',
    '',
    '| name | ours (median) | peer (median) | ratio (spread) | target | | pairs |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...notes,
  ].join('\n');
}
