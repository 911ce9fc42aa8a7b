import { Controller, Inject, Req, Res } from '@nestjs/common';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { parseCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HospitalSignIn, type ProviderSignIns } from '../../../application/access/provider-sign-in.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';
import { Cookies } from './cookies.ts';
import { askingOf } from './identify.ts';

/** The way to the hospital's sign-in and back. What goes wrong there, the web app says. */
@Controller('api/v1')
export class ProviderController {
  readonly #hospital: HospitalSignIn;
  readonly #cookies: Cookies;

  constructor(@Inject(HospitalSignIn) hospital: HospitalSignIn, @Inject(Cookies) cookies: Cookies) {
    this.#hospital = hospital;
    this.#cookies = cookies;
  }

  @Op('beginProviderSignIn')
  async begin(@Input() { query }: InputOf<'beginProviderSignIn'>, @Res() reply: FastifyReply): Promise<void> {
    try {
      const { url, flow } = await this.#configured().begin(query.returnTo);
      this.#cookies.setFlow(reply, flow);
      await reply.redirect(url, 303);
    } catch (error) {
      await this.#back(reply, error);
    }
  }

  @Op('finishProviderSignIn')
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { address, device } = askingOf(request);
    const flow = parseCookie(request.headers.cookie ?? '')[this.#cookies.flow];
    const query = request.url.slice(request.url.indexOf('?'));
    try {
      const { secret, returnTo } = await this.#configured().finish(query, flow, { address, device });
      this.#cookies.clearFlow(reply);
      this.#cookies.setSession(reply, secret);
      await reply.redirect(returnTo, 303);
    } catch (error) {
      this.#cookies.clearFlow(reply);
      await this.#back(reply, error);
    }
  }

  @Op('providerSignedOut')
  async signedOut(
    @Input() { body }: InputOf<'providerSignedOut'>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    void reply.header('Cache-Control', 'no-store');
    await this.#configured().loggedOut(body.logout_token);
  }

  #configured(): ProviderSignIns {
    if (this.#hospital.signIns) return this.#hospital.signIns;
    throw inputError('provider-not-found', 'no provider is configured (CONFIG_DIR/sign-in.yaml)');
  }

  /** To the sign-in page, with what went wrong as a code. */
  async #back(reply: FastifyReply, error: unknown): Promise<void> {
    if (!(error instanceof SmartBoxError)) throw error;
    await reply.redirect(`/?${new URLSearchParams({ 'sign-in': error.code }).toString()}`, 303);
  }
}
