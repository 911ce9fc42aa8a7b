/** `npm run soak [-- --minutes N --seed N --calm --json]`: the release gate of docs/promises.md (faults 1, 2, 3, 16, 35, 38). */
import { Command, InvalidArgumentError } from 'commander';
import { toError } from '@smartbox/kernel';
import { startLine } from '../support.ts';
import { Soak } from './soak.ts';

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 60 * 24 * 7)) throw new InvalidArgumentError('minutes, at most a week');
  return value;
};
const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('a whole number');
  return value;
};
const options = new Command('soak')
  .description('one room through work and trouble; at the end everything that was accepted has to be there')
  .option('--minutes <n>', 'how long', positive, 60)
  .option('--seed <n>', 'the same seed is the same day', whole, 1)
  .option('--calm', 'nothing goes wrong: for the memory of the services')
  .option('--json', 'the report as one JSON object on stdout')
  .parse()
  .opts<{ minutes: number; seed: number; calm?: boolean; json?: boolean }>();
const say = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);

try {
  const line = await startLine({ pacs: 'test-pacs', onProgress: say });
  try {
    const report = await new Soak(line, { ...options, faults: !options.calm, say }).run();
    if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    for (const promise of report.broken) say(`broken: ${promise}`);
    for (const [service, { first, last }] of Object.entries(report.memory)) say(`${service}: ${first} MB, ${last} MB`);
    say(
      `${report.asked} clips with ${report.frames} frames, ${report.faults} faults, ${report.broken.length} promises broken`,
    );
    if (report.broken.length > 0) process.exitCode = 1;
  } finally {
    await line.stop();
  }
} catch (error) {
  say(toError(error).message);
  process.exitCode = 1;
}
process.exit();
