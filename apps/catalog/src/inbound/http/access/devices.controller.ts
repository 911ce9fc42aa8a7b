import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { ApiTokenView, CreatedToken, PanelCode, PanelRequestView, PanelView } from '@smartbox/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Devices } from '../../../application/access/devices.ts';
import type { ApiToken, Panel } from '../../../application/access/ports.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';
import { who } from '../who.ts';
import { fromReach, toReach } from './accounts.controller.ts';
import { Cookies } from './cookies.ts';
import { askingOf } from './identify.ts';

/** API tokens and touch panels. */
@Controller('api/v1')
export class DevicesController {
  readonly #devices: Devices;
  readonly #cookies: Cookies;

  constructor(@Inject(Devices) devices: Devices, @Inject(Cookies) cookies: Cookies) {
    this.#devices = devices;
    this.#cookies = cookies;
  }

  @Op('listTokens')
  async tokens(): Promise<{ items: ApiTokenView[] }> {
    return { items: (await this.#devices.tokens()).map(tokenView) };
  }

  @Op('createToken')
  async createToken(@Input() { body }: InputOf<'createToken'>): Promise<z.infer<typeof CreatedToken>> {
    const { name, roles, stations, expiresAt } = body;
    const until = expiresAt === undefined ? null : new Date(expiresAt);
    const wanted = { name, roles, stations: toReach(stations), expiresAt: until };
    const { secret, token } = await this.#devices.createToken(wanted, who().actor);
    return { token: secret, view: tokenView(token) };
  }

  @Op('revokeToken')
  async revokeToken(@Input() { params }: InputOf<'revokeToken'>): Promise<ApiTokenView> {
    return tokenView(await this.#devices.revokeToken(params.tokenId, who().actor));
  }

  @Op('requestPanel')
  async request(
    @Input() { body }: InputOf<'requestPanel'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof PanelCode>> {
    const { code, secret, expiresAt } = await this.#devices.requestPanel(body.stationId, askingOf(request));
    // It opens nothing until a desk has confirmed the code.
    this.#cookies.setPanel(reply, secret);
    return { code, expiresAt: expiresAt.toISOString() };
  }

  @Op('getPanelRequest')
  async requested(@Input() { params }: InputOf<'getPanelRequest'>): Promise<z.infer<typeof PanelRequestView>> {
    const { stationId, address, device, askedAt } = await this.#devices.requested(params.code);
    return { ...(stationId === null ? {} : { stationId }), address, device, askedAt: askedAt.toISOString() };
  }

  @Op('listPanels')
  async panels(): Promise<{ items: PanelView[] }> {
    return { items: (await this.#devices.panels()).map(panelView) };
  }

  @Op('confirmPanel')
  async confirm(@Input() { body }: InputOf<'confirmPanel'>): Promise<PanelView> {
    return panelView(await this.#devices.confirmPanel(body, who().actor));
  }

  @Op('revokePanel')
  async revokePanel(@Input() { params }: InputOf<'revokePanel'>): Promise<PanelView> {
    return panelView(await this.#devices.revokePanel(params.panelId, who().actor));
  }
}

const instant = <K extends string>(key: K, at: Date | null) =>
  (at ? { [key]: at.toISOString() } : {}) as { [P in K]?: string };

const tokenView = ({ tokenId, name, roles, stations, createdAt, createdBy, ...token }: ApiToken): ApiTokenView => ({
  ...{ tokenId, name, roles, createdBy },
  stations: fromReach(stations),
  createdAt: createdAt.toISOString(),
  ...instant('expiresAt', token.expiresAt),
  ...instant('lastUsedAt', token.lastUsedAt),
  ...instant('revokedAt', token.revokedAt),
});

const panelView = ({ pairedAt, lastSeenAt, revokedAt, ...panel }: Panel): PanelView => ({
  ...panel,
  pairedAt: pairedAt.toISOString(),
  ...instant('lastSeenAt', lastSeenAt),
  ...instant('revokedAt', revokedAt),
});
