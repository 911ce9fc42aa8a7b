import type { Command } from 'commander';
import { runCatalogScript } from './catalog-script.ts';
import { complain } from './file-verb.ts';

interface Option {
  flags: string;
  description: string;
}
const option = (flags: string, description: string): Option => ({ flags, description });
const name = option('--name <name>', 'what one signs in with');

/** A verb that a script of the catalog carries out, with the same options. */
function verb(area: Command, script: string, of: string, description: string, options: readonly Option[] = []): void {
  const command = area.command(of).description(description).option('--json', 'one JSON object on stdout');
  for (const { flags, description: text } of options) command.option(flags, text);
  command.action(async (given: Record<string, string | string[] | boolean>) => {
    const args = Object.entries(given).flatMap(([key, value]) => {
      const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? [flag] : [value].flat().flatMap((one) => [flag, String(one)]);
    });
    try {
      process.exitCode = await runCatalogScript(script, [of, ...args]);
    } catch (error) {
      complain(error, given['json'] === true);
    }
  });
}

/** `accounts` and `audit`: on the database itself, so also before anybody can sign in, and past the service. */
export function registerAccess(program: Command): void {
  const accounts = program.command('accounts').description('people who may come in');
  verb(accounts, 'accounts', 'list', 'everybody with an account');
  verb(accounts, 'accounts', 'add', 'a new account; its one-time password is printed', [
    name,
    option('--display <text>', 'how it is shown; the name unless given'),
    option('--role <role...>', 'surgeon, nurse, viewer, integrator, auditor, admin'),
    option('--station <id...>', 'limited to these rooms'),
    option('--password-stdin', 'read the password from stdin instead of making a one-time one'),
  ]);
  verb(accounts, 'accounts', 'reset', 'a one-time password; signed out everywhere', [name]);
  verb(accounts, 'accounts', 'disable', 'may not come in any more; signed out everywhere', [name]);
  verb(accounts, 'accounts', 'enable', 'may come in again', [name]);

  const audit = program.command('audit').description('who did what');
  verb(audit, 'audit', 'verify', 'makes every hash of the chain anew, and names what is not as it was written', [
    option('--anchor <sequence:hash...>', 'heads that were kept elsewhere, as the log names them'),
  ]);
  verb(audit, 'audit', 'export', 'as DICOM audit messages (PS3.15 A.5) or as CSV', [
    option('--format <format>', 'atna or csv'),
    option('--from <time>', 'at or after: 2026-11-28, or with a time'),
    option('--to <time>', 'before'),
    option('--out <file>', 'stdout unless given'),
  ]);
}
