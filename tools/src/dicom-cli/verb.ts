import type { Command } from 'commander';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';

/** What a verb answers: an object for machines, lines for people, and whether it went well. */
export interface Answer {
  json: object;
  lines: string[];
  failed?: boolean;
}

export type Options = Record<string, string | number | boolean | undefined>;

/** Adds a verb: `--json` puts one JSON object on stdout and the words on stderr; exit 0 only on success. */
export function verb(
  area: Command,
  definition: string,
  description: string,
  act: (options: Options, files: string[]) => Promise<Answer>,
): Command {
  return area
    .command(definition)
    .description(description)
    .option('--json', 'one JSON object on stdout')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const options = command.opts<Options>();
      const json = options['json'] === true;
      try {
        const answer = await act(options, command.args);
        if (json) process.stdout.write(`${JSON.stringify(answer.json, null, 2)}\n`);
        (json ? process.stderr : process.stdout).write(answer.lines.map((line) => `${line}\n`).join(''));
        if (answer.failed) process.exitCode = 1;
      } catch (error) {
        const { message } = toError(error);
        const code = error instanceof SmartBoxError ? error.code : 'unexpected';
        if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
        process.stderr.write(`${message}\n`);
        process.exitCode = 1;
      }
    });
}

export const text = (value: Options[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** An option that has to be there. */
export function required(options: Options, name: string): string {
  const value = text(options[name]);
  if (value === undefined || value === '') throw inputError('missing-option', `--${name} is missing`);
  return value;
}
