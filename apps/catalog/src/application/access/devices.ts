import type { AccountRole } from '@smartbox/contracts';
import { inputError, type Clock } from '@smartbox/kernel';
import type { Reach } from '../../domain/access/caller.ts';
import { hashSecret, newCode, newSecret, normalCode, TOKEN_PREFIX } from '../../domain/access/secrets.ts';
import type { Audit, StationDirectory } from '../ports.ts';
import { unknownStation } from '../procedures.ts';
import type { ApiToken, Panel, PanelRequest, PanelStore, TokenStore } from './ports.ts';
import type { Where } from './sign-in.ts';

/** So long a panel shows its code. */
const CODE_MS = 10 * 60_000;

/** What is not a person: API tokens of other systems, touch panels of rooms. */
export class Devices {
  readonly #tokens: TokenStore;
  readonly #panels: PanelStore;
  readonly #stations: StationDirectory;
  readonly #clock: Clock;

  constructor(tokens: TokenStore, panels: PanelStore, stations: StationDirectory, clock: Clock) {
    this.#tokens = tokens;
    this.#panels = panels;
    this.#stations = stations;
    this.#clock = clock;
  }

  tokens(): Promise<ApiToken[]> {
    return this.#tokens.list();
  }

  /** The token is handed out here and never again. */
  async createToken(
    wanted: { name: string; roles: AccountRole[]; stations: Reach; expiresAt: Date | null },
    actor: string,
  ): Promise<{ secret: string; token: ApiToken }> {
    const at = this.#clock.now();
    if (wanted.expiresAt && wanted.expiresAt <= at) {
      throw inputError('expiry-in-past', `expiresAt ${wanted.expiresAt.toISOString()} is over already`);
    }
    const secret = `${TOKEN_PREFIX}${newSecret()}`;
    const detail = { roles: wanted.roles, expiresAt: wanted.expiresAt?.toISOString() ?? null };
    const audit: Audit = { actor, action: 'token.create', detail };
    return { secret, token: await this.#tokens.create({ ...wanted, tokenHash: hashSecret(secret) }, audit, at) };
  }

  revokeToken(tokenId: string, actor: string): Promise<ApiToken> {
    return this.#tokens.revoke(tokenId, { actor, action: 'token.revoke' }, this.#clock.now());
  }

  panels(): Promise<Panel[]> {
    return this.#panels.list();
  }

  /** A panel asks to be let in: the code that it shows, and the secret that becomes its own when a desk confirms. */
  async requestPanel(
    stationId: string | undefined,
    { address, device }: Where,
  ): Promise<{ code: string; secret: string; expiresAt: Date }> {
    const askedAt = this.#clock.now();
    const [code, secret] = [newCode(2), newSecret()];
    const expiresAt = new Date(askedAt.getTime() + CODE_MS);
    const hashes = { codeHash: hashSecret(code), tokenHash: hashSecret(secret) };
    await this.#panels.request({ ...hashes, stationId: stationId ?? null, address, device, askedAt, expiresAt });
    return { code, secret, expiresAt };
  }

  /** Who shows that code. @throws SmartBoxError `code-not-found` */
  async requested(code: string): Promise<PanelRequest> {
    const found = await this.#panels.requested(hashSecret(normalCode(code)), this.#clock.now());
    if (found) return found;
    throw noCode(code);
  }

  /** @throws SmartBoxError `code-not-found`, `station-unknown` */
  async confirmPanel(wanted: { code: string; stationId: string; name: string }, actor: string): Promise<Panel> {
    const { code, stationId, name } = wanted;
    if (!this.#stations.find(stationId)) throw unknownStation(stationId, this.#stations);
    const { device, address } = await this.requested(code);
    const audit: Audit = { actor, action: 'panel.pair', detail: { name, device, panelAddress: address }, stationId };
    const panel = await this.#panels.confirm(
      hashSecret(normalCode(code)),
      { stationId, name },
      audit,
      this.#clock.now(),
    );
    if (panel) return panel;
    throw noCode(code);
  }

  revokePanel(panelId: string, actor: string): Promise<Panel> {
    return this.#panels.revoke(panelId, { actor, action: 'panel.revoke' }, this.#clock.now());
  }
}

const noCode = (code: string) =>
  inputError(
    'code-not-found',
    `no panel shows the code ${JSON.stringify(normalCode(code).slice(0, 20))} at the moment`,
  );
