import { SmartBoxError, toError, transientError } from '@smartbox/kernel';
import { createRemoteJWKSet, errors as jose, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import type { Flow, ProviderClient as Port } from '../../application/access/ports.ts';
import type { Provider } from '../config-files.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** A logout token is sent at once: an old one is a repeated one. */
const LOGOUT_MAX_AGE = '5 minutes';

/** OpenID Connect with openid-client: authorization code flow with PKCE (OAuth 2.1, RFC 9700). */
export class ProviderClient implements Port {
  readonly issuer: string;
  readonly #provider: Provider;
  #discovered: Promise<oidc.Configuration> | undefined;
  /** That the configuration was made with: another one in its file makes it anew. */
  #secret: string | undefined;
  #keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  constructor(provider: Provider) {
    this.issuer = provider.issuer;
    this.#provider = provider;
  }

  async begin(redirectUri: string): Promise<Omit<Flow, 'returnTo'> & { url: string }> {
    const config = await this.#config();
    const flow = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: this.#provider.scopes.join(' '),
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
    });
    return { ...flow, url: url.href };
  }

  async finish(callback: URL, flow: Omit<Flow, 'returnTo'>) {
    const config = await this.#config();
    try {
      const tokens = await oidc.authorizationCodeGrant(config, callback, {
        pkceCodeVerifier: flow.verifier,
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims || tokens.id_token === undefined) throw new Error('there is no ID token');
      const { sid } = claims;
      const more = await this.#userInfo(config, tokens.access_token, claims.sub);
      return {
        claims: { ...more, ...claims },
        idToken: tokens.id_token,
        sid: typeof sid === 'string' ? sid : undefined,
      };
    } catch (error) {
      throw translate(error);
    }
  }

  /** What scopes bring stands there (OpenID Connect Core section 5.4), with many providers in the ID token too. */
  async #userInfo(config: oidc.Configuration, accessToken: string, subject: string): Promise<object> {
    if (config.serverMetadata().userinfo_endpoint === undefined) return {};
    return oidc.fetchUserInfo(config, accessToken, subject);
  }

  async logoutUrl(idToken: string, returnTo: string): Promise<string | undefined> {
    const config = await this.#config();
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
    return oidc.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: returnTo }).href;
  }

  /** Back-Channel Logout 1.0 section 2.6. */
  async loggedOut(logoutToken: string): Promise<{ sid: string | undefined; subject: string | undefined }> {
    const config = await this.#config();
    const { jwks_uri: keys, issuer } = config.serverMetadata();
    if (keys === undefined) throw invalidToken('the provider names no keys');
    this.#keys ??= createRemoteJWKSet(new URL(keys));
    const { clientId: audience, clockToleranceSeconds: clockTolerance } = this.#provider;
    const checks = { issuer, audience, clockTolerance, maxTokenAge: LOGOUT_MAX_AGE, requiredClaims: ['jti', 'iat'] };
    const { payload } = await jwtVerify(logoutToken, this.#keys, checks).catch((error: unknown) => {
      if (error instanceof jose.JOSEError && error.code !== 'ERR_JWKS_TIMEOUT') throw invalidToken(error.message);
      throw transientError('provider-away', 'the keys of the provider cannot be had', error);
    });
    const { events, nonce, sid, sub } = payload as { events?: unknown; nonce?: unknown; sid?: unknown; sub?: string };
    const isLogout = typeof events === 'object' && events !== null && LOGOUT_EVENT in events;
    if (!isLogout || nonce !== undefined) throw invalidToken('it is not a logout token');
    const session = typeof sid === 'string' ? sid : undefined;
    if (session === undefined && sub === undefined) throw invalidToken('it names nobody');
    return { sid: session, subject: sub };
  }

  /** Asked when it is first needed, and again where that failed: we begin also while the provider is away. */
  #config(): Promise<oidc.Configuration> {
    const secret = this.#provider.clientSecret?.();
    if (secret !== this.#secret) this.#discovered = undefined;
    this.#secret = secret;
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined;
      throw transientError('provider-away', `the provider ${this.issuer} does not answer: ${reason(error)}`, error);
    });
    return this.#discovered;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientAuth, clockToleranceSeconds } = this.#provider;
    const secret = this.#secret;
    const auth =
      secret === undefined
        ? oidc.None()
        : clientAuth === 'basic'
          ? oidc.ClientSecretBasic(secret)
          : oidc.ClientSecretPost(secret);
    // Only on this machine: sign-in.yaml takes no other http:// address.
    const insecure = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
    return oidc.discovery(new URL(issuer), clientId, { [oidc.clockTolerance]: clockToleranceSeconds }, auth, {
      execute: [oidc.enableNonRepudiationChecks, ...insecure],
      timeout: 10,
    });
  }
}

const invalidToken = (why: string) =>
  new SmartBoxError({ code: 'logout-token-invalid', message: `the logout token is refused: ${why}`, fault: 'input' });

/** Without what was in the answer. */
const reason = (error: unknown): string => toError(error).message.slice(0, 200);

function translate(error: unknown): SmartBoxError {
  const refusal = (code: string, message: string) => new SmartBoxError({ code, message, fault: 'input', cause: error });
  if (error instanceof oidc.AuthorizationResponseError) {
    return refusal('provider-refused', `the provider refused: ${error.error}`);
  }
  if (error instanceof TypeError || toError(error).name === 'TimeoutError') {
    return transientError('provider-away', `the provider does not answer: ${reason(error)}`, error);
  }
  return refusal('provider-answer-invalid', `the answer of the provider is refused: ${reason(error)}`);
}
