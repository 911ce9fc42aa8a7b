import { userInfo } from 'node:os';
import { InvalidConfiguration } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';

/** What a script answers: an object for machines, lines for people, and whether it went well. */
export interface Answer {
  json: object;
  lines: string[];
  failed?: boolean;
}

/** Whoever has the database's address has every right; the audit says which user of the machine it was. */
export const actor = (): string => `console:${userInfo().username}`;

/** Runs a script: with `json` one JSON object on stdout and words on stderr, else words on stdout; exit 0 only on success. */
export async function answer(json: boolean, work: () => Promise<Answer>): Promise<void> {
  try {
    const { json: object, lines, failed } = await work();
    if (json) process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
    (json ? process.stderr : process.stdout).write(lines.map((line) => `${line}\n`).join(''));
    if (failed) process.exitCode = 1;
  } catch (error) {
    const { message } = toError(error);
    const known = error instanceof SmartBoxError || error instanceof InvalidConfiguration;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ error: { code: known ? error.code : 'unexpected', message } }, null, 2)}\n`,
      );
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}
