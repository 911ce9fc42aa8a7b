import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { CallerView, OpenSession, SessionView } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { parseCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { currentCaller } from '../../../application/access/asking.ts';
import { Doorkeeper, type Shown } from '../../../application/access/doorkeeper.ts';
import { HospitalSignIn } from '../../../application/access/provider-sign-in.ts';
import { SignIns } from '../../../application/access/sign-in.ts';
import { permissionsOfAll } from '../../../domain/access/roles.ts';
import { isOwnName } from '../../../domain/access/addresses.ts';
import type { Caller } from '../../../domain/access/caller.ts';
import { endOf } from '../../../domain/access/session-rules.ts';
import { SETTINGS, type Settings } from '../../../settings.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';
import { Cookies } from './cookies.ts';
import { askingOf } from './identify.ts';

/** Who asks; in, out, another password. */
@Controller('api/v1')
export class SessionController {
  readonly #door: Doorkeeper;
  readonly #signIns: SignIns;
  readonly #hospital: HospitalSignIn;
  readonly #cookies: Cookies;
  readonly #settings: Settings;

  constructor(
    @Inject(Doorkeeper) door: Doorkeeper,
    @Inject(SignIns) signIns: SignIns,
    @Inject(HospitalSignIn) hospital: HospitalSignIn,
    @Inject(Cookies) cookies: Cookies,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#door = door;
    this.#signIns = signIns;
    this.#hospital = hospital;
    this.#cookies = cookies;
    this.#settings = settings;
  }

  @Op('getSession')
  get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<SessionView> {
    const { caller } = askingOf(request);
    // A panel that was let in meanwhile keeps its secret for good.
    const secret = parseCookie(request.headers.cookie ?? '')[this.#cookies.panel];
    if (caller?.kind === 'panel' && secret !== undefined) this.#cookies.setPanel(reply, secret);
    return this.#view(caller);
  }

  @Op('signIn')
  async signIn(
    @Input() { body }: InputOf<'signIn'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    this.#checkTransport(request);
    return this.#entered(await this.#signIns.signIn(body, askingOf(request)), request, reply);
  }

  @Op('setUp')
  async setUp(
    @Input() { body }: InputOf<'setUp'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    this.#checkTransport(request);
    return this.#entered(await this.#signIns.setUp(body, askingOf(request)), request, reply);
  }

  @Op('changePassword')
  async changePassword(
    @Input() { body }: InputOf<'changePassword'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const secret = await this.#signIns.changePassword(currentCaller(), body, askingOf(request));
    return this.#entered(secret, request, reply);
  }

  @Op('signOut')
  async signOut(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ providerUrl?: string }> {
    const session = await this.#signIns.signOut(currentCaller());
    this.#cookies.clearSession(reply);
    const providerUrl = session && (await this.#hospital.signIns?.logoutUrl(session));
    return providerUrl === undefined ? {} : { providerUrl };
  }

  @Op('listSessions')
  async list(): Promise<{ items: z.infer<typeof OpenSession>[] }> {
    const caller = currentCaller();
    const sessions = await this.#signIns.ownSessions(caller);
    const items = sessions.map((session) => ({
      sessionId: session.sessionId,
      current: session.sessionId === caller.sessionId,
      address: session.address,
      device: session.device,
      since: session.createdAt.toISOString(),
      lastSeenAt: session.lastSeenAt.toISOString(),
      endsAt: endOf(session, this.#settings.sessionLimits).toISOString(),
    }));
    return { items };
  }

  @Op('endSession')
  end(@Input() { params }: InputOf<'endSession'>): Promise<void> {
    return this.#signIns.endOwn(currentCaller(), params);
  }

  @Op('endSessions')
  async endAll(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.#signIns.endOwn(currentCaller(), 'all');
    this.#cookies.clearSession(reply);
  }

  /** The answer as the new session sees it. */
  async #entered(secret: string, request: FastifyRequest, reply: FastifyReply): Promise<SessionView> {
    this.#cookies.setSession(reply, secret);
    const { address } = askingOf(request);
    const nothing = { bearer: undefined, panel: undefined, idle: undefined, isHere: false };
    const shown: Shown = { ...nothing, session: secret, address };
    return this.#view(await this.#door.recognise(shown));
  }

  async #view(caller: Caller | undefined): Promise<SessionView> {
    const { name } = this.#hospital;
    const startUrl = '/api/v1/session/provider';
    return {
      access: await this.#door.access(),
      ...(caller ? { caller: callerView(caller, this.#settings.sessionLimits.idleMs) } : {}),
      signIn: { password: true, ...(name === undefined ? {} : { provider: { name, startUrl } }) },
    };
  }

  /** A password travels on this machine, or by TLS. @throws SmartBoxError `tls-needed` */
  #checkTransport({ headers }: FastifyRequest): void {
    const { host = '' } = headers;
    if (this.#settings.publicUrl.startsWith('https:') || isOwnName(host)) return;
    throw new SmartBoxError({
      code: 'tls-needed',
      message: `over a network passwords travel by TLS only: put a proxy with a certificate before ${host}, and name its address in PUBLIC_URL`,
      fault: 'input',
    });
  }
}

function callerView(caller: Caller, idleMs: number): CallerView {
  const { stations, opened, permissions, roles, endsAt } = caller;
  return {
    kind: caller.kind,
    actor: caller.actor,
    displayName: caller.displayName,
    roles: [...roles],
    permissions: permissionsOfAll(roles).filter((permission) => permissions.has(permission)),
    stations: stations === 'everywhere' ? null : [...stations].sort(),
    opened: opened.map(({ until, ...room }) => ({ ...room, until: until.toISOString() })),
    passwordChangeNeeded: caller.passwordChangeNeeded,
    hasPassword: caller.hasPassword,
    ...(endsAt ? { endsAt: endsAt.toISOString(), idleMinutes: Math.round(idleMs / 60_000) } : {}),
  };
}
