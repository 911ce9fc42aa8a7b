import { Controller, Inject } from '@nestjs/common';
import type { AccountView, OneTimePassword } from '@smartbox/contracts';
import type { z } from 'zod';
import { Accounts, type HandedOut } from '../../../application/access/accounts.ts';
import type { Account } from '../../../application/access/ports.ts';
import type { Reach } from '../../../domain/access/caller.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';
import { who } from '../who.ts';

/** People with an account, as administrators see them. */
@Controller('api/v1')
export class AccountsController {
  readonly #accounts: Accounts;

  constructor(@Inject(Accounts) accounts: Accounts) {
    this.#accounts = accounts;
  }

  @Op('listAccounts')
  async list(): Promise<{ items: AccountView[] }> {
    return { items: (await this.#accounts.list()).map(accountView) };
  }

  @Op('createAccount')
  async create(@Input() { body }: InputOf<'createAccount'>): Promise<z.infer<typeof OneTimePassword>> {
    return handedOut(await this.#accounts.create({ ...body, stations: toReach(body.stations) }, who().actor));
  }

  @Op('patchAccount')
  async patch(@Input() { params, body }: InputOf<'patchAccount'>): Promise<AccountView> {
    const { displayName, roles, stations, disabled } = body;
    const change = {
      ...(displayName === undefined ? {} : { displayName }),
      ...(roles === undefined ? {} : { roles }),
      ...(stations === undefined ? {} : { stations: toReach(stations) }),
      ...(disabled === undefined ? {} : { disabled }),
    };
    return this.#one((await this.#accounts.change(params.accountId, change, who().actor)).accountId);
  }

  @Op('resetAccountPassword')
  async reset(@Input() { params }: InputOf<'resetAccountPassword'>): Promise<z.infer<typeof OneTimePassword>> {
    return handedOut(await this.#accounts.reset(params.accountId, who().actor));
  }

  @Op('endAccountSessions')
  endSessions(@Input() { params }: InputOf<'endAccountSessions'>): Promise<void> {
    return this.#accounts.endSessions(params.accountId, who().actor);
  }

  async #one(accountId: string): Promise<AccountView> {
    const found = (await this.#accounts.list()).find((account) => account.accountId === accountId);
    if (!found) throw new Error('the account vanished');
    return accountView(found);
  }
}

export const toReach = (stations: readonly string[] | null): Reach => (stations ? new Set(stations) : 'everywhere');
export const fromReach = (reach: Reach): string[] | null => (reach === 'everywhere' ? null : [...reach].sort());

function accountView({ stations, ...account }: Account & { openSessions: number }): AccountView {
  return {
    accountId: account.accountId,
    name: account.name,
    displayName: account.displayName,
    origin: account.issuer === null ? 'local' : 'provider',
    roles: account.roles,
    stations: fromReach(stations),
    disabled: account.disabledAt !== null,
    passwordChangeNeeded: account.oneTimeUntil !== null,
    createdAt: account.createdAt.toISOString(),
    ...(account.lastSignInAt ? { lastSignInAt: account.lastSignInAt.toISOString() } : {}),
    openSessions: account.openSessions,
  };
}

const handedOut = ({ account, oneTimePassword, expiresAt }: HandedOut): z.infer<typeof OneTimePassword> => ({
  account: accountView({ ...account, openSessions: 0 }),
  oneTimePassword,
  expiresAt: expiresAt.toISOString(),
});
