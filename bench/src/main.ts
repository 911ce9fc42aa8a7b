/** `npm run bench [-- NAME... --quick --pairs N]`: ratios against a peer, see docs/benchmarks.md. */
import { InvalidArgumentError, Command } from 'commander';
import { inputError, toError } from '@smartbox/kernel';
import { benchmarks } from './benchmarks/index.ts';
import { writeResult } from './report.ts';
import { run } from './run.ts';

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100) throw new InvalidArgumentError('1 to 100 pairs');
  return value;
};
const program = new Command('bench')
  .argument('[names...]', `which: ${benchmarks.map(({ name }) => name).join(', ')}; all unless given`)
  .option('--quick', '3 pairs')
  .option('--pairs <n>', 'how many pairs', count, 7)
  .parse();
const { quick, pairs } = program.opts<{ quick?: boolean; pairs: number }>();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  const wanted = program.args.length === 0 ? benchmarks.map(({ name }) => name) : program.args;
  for (const name of wanted) {
    const benchmark = benchmarks.find((one) => one.name === name);
    if (!benchmark) throw inputError('unknown-benchmark', `there is no benchmark "${name}"`);
    const result = await run(benchmark, quick ? 3 : pairs, { node: process.version }, say);
    writeResult(result);
    const { median, min, max } = result.ratio;
    const verdict = result.met ? 'met' : 'missed';
    say(
      `${name}: ratio ${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)}), target ${result.target}: ${verdict}`,
    );
  }
} catch (error) {
  say(toError(error).message);
  process.exitCode = 1;
}
process.exit();
