import { InvalidArgumentError, type Command } from 'commander';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';

/** What a verb answers: an object for machines, lines for people, and whether it went well. */
export interface Answer {
  readonly json: object;
  readonly lines: readonly string[];
  readonly failed?: boolean;
}

export type Options = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Work {
  /** Aborted by Ctrl-C or SIGTERM: the verb then removes what it has begun. */
  readonly signal: AbortSignal;
  /** One line on stderr that is written over. */
  readonly progress: (text: string) => void;
}

/** Adds a verb: `--json` puts one JSON object on stdout and the words on stderr; exit 0 only on success. */
export function verb(
  area: Command,
  definition: string,
  description: string,
  act: (files: readonly string[], options: Options, work: Work) => Promise<Answer>,
): Command {
  return area
    .command(definition)
    .description(description)
    .option('--json', 'one JSON object on stdout')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const options = command.opts<Options>();
      const json = options['json'] === true;
      // npm runs scripts in the project's folder: paths are meant from where the person stands
      const from = process.env['npm_lifecycle_event'] === 'smartbox' ? process.env['INIT_CWD'] : undefined;
      if (from) process.chdir(from);
      const abort = new AbortController();
      const stop = (): void => abort.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        const answer = await act(command.args, options, { signal: abort.signal, progress });
        clear();
        if (json) process.stdout.write(`${JSON.stringify(answer.json, null, 2)}\n`);
        (json ? process.stderr : process.stdout).write(answer.lines.map((line) => `${line}\n`).join(''));
        if (answer.failed) process.exitCode = 1;
      } catch (error) {
        clear();
        complain(error, json);
        if (abort.signal.aborted) process.exitCode = 130;
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
    });
}

/** What went wrong: in words on stderr, with `--json` as an object on stdout, too; exit 1. */
export function complain(error: unknown, json: boolean): void {
  const { message } = toError(error);
  const code = error instanceof SmartBoxError ? error.code : 'unexpected';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

let shownLine = false;
function progress(text: string): void {
  if (!process.stderr.isTTY) return;
  shownLine = true;
  process.stderr.write(`\r\u001b[K${text}`);
}

function clear(): void {
  if (shownLine) process.stderr.write('\r\u001b[K');
  shownLine = false;
}

/** Progress in frames, with an honest estimate of what is left. */
export function frameProgress(work: Work, what: string): (at: { frames: number; totalFrames: number | null }) => void {
  const since = Date.now();
  return ({ frames, totalFrames }) => {
    const seconds = (Date.now() - since) / 1000;
    const left = totalFrames && frames > 0 ? (seconds * (totalFrames - frames)) / frames : null;
    work.progress(
      `${what}: ${frames}${totalFrames ? ` of ${totalFrames}` : ''} frames${left !== null && seconds > 2 ? `, about ${Math.ceil(left)} s left` : ''}`,
    );
  };
}

/** A frame number: a whole number from 0. */
export function frameNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('a frame number: a whole number from 0');
  return Number(text);
}

/** A whole number from 1. */
export function countFromOne(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('a whole number from 1');
  return Number(text);
}

/** `a-b`: frames a to b, b exclusive; can be given several times. */
export function collectRange(text: string, before: readonly string[]): string[] {
  if (!/^\d{1,12}-\d{1,12}$/.test(text)) throw new InvalidArgumentError('two frame numbers: 100-150 (end exclusive)');
  return [...before, text];
}

/** Names separated by commas; can be given several times. */
export const collectNames = (text: string, before: readonly string[]): string[] => [...before, ...text.split(',')];

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number');
  return value;
}

export const text = (value: Options[string]): string | undefined => (typeof value === 'string' ? value : undefined);
export const number = (value: Options[string]): number | undefined => (typeof value === 'number' ? value : undefined);

/** An option that has to be there. @throws SmartBoxError `missing-option` */
export function required(options: Options, name: string): string {
  const value = text(options[name]);
  if (value === undefined || value === '') throw inputError('missing-option', `--${name} is missing`);
  return value;
}
