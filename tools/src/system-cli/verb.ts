import { InvalidArgumentError, type Command } from 'commander';
import { inputError } from '@smartbox/kernel';
import { CatalogApi } from '../api.ts';
import { complain } from '../file-verb.ts';
import { requireRunInfo, type RunInfo } from '../launcher/run-info.ts';

export interface Context {
  info: RunInfo;
  api: CatalogApi;
}

/** What a verb answers: an object for machines, lines for people, and whether it went well. */
export interface Answer {
  json: object;
  lines: string[];
  failed?: boolean;
}

export type Options = Record<string, string | number | boolean | object | undefined>;

/** Wraps a verb: finds the system, prints the answer in the wanted form, exits 0 only on success. */
export function verb(
  area: Command,
  definition: string,
  description: string,
  act: (context: Context, options: Options, argument?: string) => Promise<Answer>,
): Command {
  return area
    .command(definition)
    .description(description)
    .option('--json', 'one JSON object on stdout')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const argument = typeof given[0] === 'string' ? given[0] : undefined;
      const options = command.opts<Options>();
      try {
        const info = await requireRunInfo();
        const answer = await act({ info, api: await CatalogApi.of(info) }, options, argument);
        if (options['json'] === true) process.stdout.write(`${JSON.stringify(answer.json, null, 2)}\n`);
        (options['json'] === true ? process.stderr : process.stdout).write(`${answer.lines.join('\n')}\n`);
        if (answer.failed) process.exitCode = 1;
      } catch (error) {
        complain(error, options['json'] === true);
      }
    });
}

export const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0');
  return value;
};
export const text = (value: Options[string]): string | undefined => (typeof value === 'string' ? value : undefined);
export const room = ({ info }: Context, options: Options): string => {
  const station = text(options['station']) ?? info.stations[0];
  if (station === undefined)
    throw inputError('no-station', 'the running system has no station: name one with --station');
  return station;
};
