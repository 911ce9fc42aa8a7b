import { AccountRole } from '@smartbox/contracts';
import { inputError, newId } from '@smartbox/kernel';
import type {
  ApiToken,
  Panel,
  PanelRequest,
  PanelStore as PanelPort,
  TokenStore as TokenPort,
} from '../../application/access/ports.ts';
import type { Audit } from '../../application/ports.ts';
import type { ApiToken as TokenRow } from '../../generated/prisma/client.ts';
import { writeAudit } from '../audit.ts';
import { lock, type Database } from '../database.ts';
import { fromReach, toReach } from './rooms.ts';

const toToken = ({ limited, stations, roles, tokenHash: _, ...row }: TokenRow): ApiToken => ({
  ...row,
  roles: roles.flatMap((role) => AccountRole.safeParse(role).data ?? []),
  stations: toReach({ limited, stations }),
});

/** API tokens. Of a token only its hash is known here. */
export class TokenStore implements TokenPort {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<ApiToken[]> {
    return (await this.#db.prisma.apiToken.findMany({ orderBy: { createdAt: 'desc' } })).map(toToken);
  }

  async find(tokenHash: string): Promise<ApiToken | undefined> {
    const row = await this.#db.prisma.apiToken.findUnique({ where: { tokenHash } });
    return row ? toToken(row) : undefined;
  }

  create(
    token: Pick<ApiToken, 'name' | 'roles' | 'stations' | 'expiresAt'> & { tokenHash: string },
    audit: Audit,
    at: Date,
  ): Promise<ApiToken> {
    const { stations, ...rest } = token;
    return this.#db.tx(async (tx) => {
      await lock(tx, 'tokens');
      if (await tx.apiToken.findFirst({ where: { name: token.name, revokedAt: null } })) {
        throw inputError('name-taken', `there is a token ${JSON.stringify(token.name)} already: revoke it first`);
      }
      const data = { tokenId: newId(), ...rest, ...fromReach(stations), createdAt: at, createdBy: audit.actor };
      const row = await tx.apiToken.create({ data });
      await writeAudit(tx, `token/${row.name}`, audit, at);
      return toToken(row);
    });
  }

  revoke(tokenId: string, audit: Audit, at: Date): Promise<ApiToken> {
    return this.#db.tx(async (tx) => {
      const { count } = await tx.apiToken.updateMany({ where: { tokenId, revokedAt: null }, data: { revokedAt: at } });
      const row = await tx.apiToken.findUnique({ where: { tokenId } });
      if (!row) throw inputError('token-not-found', `there is no token ${JSON.stringify(tokenId)}`);
      if (count > 0) await writeAudit(tx, `token/${row.name}`, audit, at);
      return toToken(row);
    });
  }

  ensure(
    { name, roles, tokenHash }: Pick<ApiToken, 'name' | 'roles'> & { tokenHash: string },
    at: Date,
  ): Promise<void> {
    return this.#db.tx(async (tx) => {
      await lock(tx, 'tokens');
      if (await tx.apiToken.findUnique({ where: { tokenHash } })) return;
      await tx.apiToken.updateMany({ where: { name, revokedAt: null }, data: { revokedAt: at } });
      const data = { tokenId: newId(), name, roles, tokenHash, createdAt: at, createdBy: 'system' };
      await tx.apiToken.create({ data });
      const audit: Audit = { actor: 'system', action: 'token.create', detail: { roles } };
      await writeAudit(tx, `token/${name}`, audit, at);
    });
  }

  async used(tokenId: string, at: Date): Promise<void> {
    await this.#db.prisma.apiToken.updateMany({ where: { tokenId }, data: { lastUsedAt: at } });
  }
}

/** So many codes of one address are open at once: nobody fills the table by asking. */
const MAX_REQUESTS = 20;

/** Touch panels, and those that ask to become one. */
export class PanelStore implements PanelPort {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Promise<Panel[]> {
    return this.#db.prisma.panel.findMany({ orderBy: { pairedAt: 'desc' }, omit: { tokenHash: true } });
  }

  async find(tokenHash: string): Promise<Panel | undefined> {
    return (await this.#db.prisma.panel.findUnique({ where: { tokenHash }, omit: { tokenHash: true } })) ?? undefined;
  }

  async request(request: PanelRequest & { codeHash: string; tokenHash: string; expiresAt: Date }): Promise<void> {
    const { address, askedAt } = request;
    await this.#db.tx(async (tx) => {
      await lock(tx, `panel-requests/${address}`);
      await tx.panelRequest.deleteMany({ where: { expiresAt: { lte: askedAt } } });
      const open = await tx.panelRequest.findMany({
        where: { address },
        orderBy: { askedAt: 'desc' },
        skip: MAX_REQUESTS - 1,
        select: { codeHash: true },
      });
      await tx.panelRequest.deleteMany({ where: { codeHash: { in: open.map(({ codeHash }) => codeHash) } } });
      await tx.panelRequest.create({ data: request });
    });
  }

  async requested(codeHash: string, now: Date): Promise<PanelRequest | undefined> {
    const row = await this.#db.prisma.panelRequest.findUnique({ where: { codeHash } });
    return row && row.expiresAt > now ? row : undefined;
  }

  confirm(
    codeHash: string,
    { stationId, name }: { stationId: string; name: string },
    audit: Audit,
    at: Date,
  ): Promise<Panel | undefined> {
    return this.#db.tx(async (tx) => {
      // Whoever deletes it has it: a code confirms one panel once.
      const request = await tx.panelRequest.findUnique({ where: { codeHash } });
      const { count } = await tx.panelRequest.deleteMany({ where: { codeHash, expiresAt: { gt: at } } });
      if (!request || count === 0) return undefined;
      const { tokenHash, address, device } = request;
      const panel = await tx.panel.create({
        data: { panelId: newId(), stationId, name, tokenHash, address, device, pairedAt: at, pairedBy: audit.actor },
        omit: { tokenHash: true },
      });
      await writeAudit(tx, `panel/${panel.panelId}`, audit, at);
      return panel;
    });
  }

  revoke(panelId: string, audit: Audit, at: Date): Promise<Panel> {
    return this.#db.tx(async (tx) => {
      const { count } = await tx.panel.updateMany({ where: { panelId, revokedAt: null }, data: { revokedAt: at } });
      const panel = await tx.panel.findUnique({ where: { panelId }, omit: { tokenHash: true } });
      if (!panel) throw inputError('panel-not-found', `there is no panel ${JSON.stringify(panelId)}`);
      if (count > 0) await writeAudit(tx, `panel/${panelId}`, { ...audit, stationId: panel.stationId }, at);
      return panel;
    });
  }

  async seen(panelId: string, at: Date, address: string): Promise<void> {
    await this.#db.prisma.panel.updateMany({ where: { panelId }, data: { lastSeenAt: at, address } });
  }
}
