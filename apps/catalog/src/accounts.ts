/**
 * Accounts from the command line, with DATABASE_URL: `node apps/catalog/dist/accounts.js <list|add|reset|disable|enable>`.
 * Works before the service has ever been reached: so the first account is made.
 */
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { AccountRole, CreateAccount } from '@smartbox/contracts';
import { inputError, systemClock } from '@smartbox/kernel';
import { Accounts, type HandedOut } from './application/access/accounts.ts';
import type { Account } from './application/access/ports.ts';
import { actor, answer, type Answer } from './command-line.ts';
import { readDatabaseUrl } from './config.ts';
import { checkPassword } from './domain/access/password.ts';
import { AccountStore } from './outbound/access/account-store.ts';
import { PasswordHasher } from './outbound/access/password-hasher.ts';
import { SessionStore } from './outbound/access/session-store.ts';
import { Database } from './outbound/database.ts';
import { applyMigrations } from './outbound/schema-engine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    display: { type: 'string' },
    role: { type: 'string', multiple: true },
    station: { type: 'string', multiple: true },
    'password-stdin': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const shown = ({ accountId, name, displayName, roles, stations, disabledAt }: Account) => ({
  ...{ accountId, name, displayName, roles },
  stations: stations === 'everywhere' ? null : [...stations],
  disabled: disabledAt !== null,
});
const line = ({ name, displayName, roles, disabledAt }: Account): string =>
  `${name.padEnd(24)} ${displayName.padEnd(28)} ${roles.join(', ')}${disabledAt ? '  (disabled)' : ''}`;
const handedOut = ({ account, oneTimePassword, expiresAt }: HandedOut): Answer => ({
  json: { account: shown(account), oneTimePassword, expiresAt: expiresAt.toISOString() },
  lines: [
    line(account),
    `one-time password: ${oneTimePassword}`,
    `good for one sign-in until ${expiresAt.toISOString()}; a password of one's own is chosen there`,
  ],
});

async function add(store: AccountStore, accounts: Accounts, hasher: PasswordHasher): Promise<Answer> {
  const wanted = {
    name: values.name,
    displayName: values.display ?? values.name,
    roles: values.role,
    stations: values.station,
  };
  const parsed = CreateAccount.safeParse({ ...wanted, ...(values.station ? {} : { stations: null }) });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const known = `roles are ${AccountRole.options.join(', ')}`;
    throw inputError('bad-arguments', `--${String(issue?.path[0])}: ${issue?.message ?? ''} (${known})`);
  }
  const { stations, ...rest } = parsed.data;
  const account = { ...rest, stations: stations ? new Set(stations) : ('everywhere' as const) };
  if (!values['password-stdin']) return handedOut(await accounts.create(account, actor()));
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  checkPassword(password, account);
  const made = await store.create(
    { ...account, passwordHash: await hasher.hash(password), oneTimeUntil: null },
    { actor: actor(), action: 'account.create', detail: { roles: account.roles } },
    systemClock.now(),
  );
  return { json: { account: shown(made) }, lines: [line(made)] };
}

async function named(store: AccountStore): Promise<Account> {
  const name = values.name ?? '';
  const account = await store.named(name.toLowerCase());
  if (account) return account;
  throw inputError('account-not-found', `--name: there is no account ${JSON.stringify(name)}`);
}

async function run(verb: string | undefined): Promise<Answer> {
  const url = readDatabaseUrl();
  // The first account is made before the service has ever run.
  if (verb === 'add') await applyMigrations(url);
  const database = new Database(url);
  try {
    const [store, hasher] = [new AccountStore(database), new PasswordHasher()];
    const accounts = new Accounts(store, new SessionStore(database), hasher, systemClock);
    switch (verb) {
      case 'list': {
        const all = await accounts.list();
        return {
          json: { accounts: all.map(shown) },
          lines: all.length === 0 ? ['nobody has an account'] : all.map(line),
        };
      }
      case 'add':
        return await add(store, accounts, hasher);
      case 'reset':
        return handedOut(await accounts.reset((await named(store)).accountId, actor()));
      case 'disable':
      case 'enable': {
        const { accountId } = await named(store);
        const account = await accounts.change(accountId, { disabled: verb === 'disable' }, actor());
        return { json: { account: shown(account) }, lines: [line(account)] };
      }
      default:
        throw inputError('bad-arguments', `${JSON.stringify(verb ?? '')} is none of list, add, reset, disable, enable`);
    }
  } finally {
    await database.close();
  }
}

await answer(values.json, () => run(positionals[0]));
