import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anObject, archiveAt, failure, never, posts } from './support/stow-client.ts';
import { jsonAnswer, stowPeer, storeAnswer, type StowPeer } from './support/stow-peer.ts';

let peer: StowPeer;
let dir: string;
const archive = (more: Record<string, unknown> = {}) => archiveAt(peer.url, dir, more);

beforeAll(async () => {
  peer = await stowPeer();
  dir = mkdtempSync(join(tmpdir(), 'stow-'));
});
afterEach(() => {
  peer.behave(undefined);
  peer.received.length = 0;
  peer.holds.clear();
});
afterAll(async () => {
  await peer?.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('credentials', () => {
  /** Takes tokens like a server would: the newest only. */
  function tokenServer(lifeSeconds: number): { given: () => number; revoke: () => void } {
    let given = 0;
    let valid = '';
    peer.behave((request, response) => {
      if (request.url === '/token') {
        given += 1;
        valid = `token-${given}`;
        const pair = Buffer.from(`box:${encodeURIComponent('s/ecret')}`).toString('base64');
        if (request.headers.authorization !== `Basic ${pair}`)
          return jsonAnswer(response, 401, { error: 'invalid_client' });
        return jsonAnswer(response, 200, { access_token: valid, token_type: 'Bearer', expires_in: lifeSeconds });
      }
      return request.headers.authorization === `Bearer ${valid}` ? false : jsonAnswer(response, 401, {});
    });
    return { given: () => given, revoke: () => (valid = 'another') };
  }
  const oauth2 = (clientSecret: unknown = 's/ecret') => ({
    auth: { type: 'oauth2', tokenUrl: `${new URL(peer.url).origin}/token`, clientId: 'box', clientSecret },
  });

  it('by OAuth 2.0: one token for all requests, a new one when it is refused, before the object is read', async () => {
    const server = tokenServer(3600);
    const web = archive(oauth2());
    const first = anObject();
    await Promise.all([web.echo(), web.echo(), web.store(first.instance, first.accepted, never)]);
    expect(server.given()).toBe(1);
    server.revoke();
    const second = anObject();
    expect(await web.store(second.instance, second.accepted, never)).toMatchObject({ status: 0 });
    expect(server.given()).toBe(2);
    expect(second.opened()).toBe(1);
  });

  it("by OAuth 2.0: a token is renewed before it ends, and a refused client is nobody's object's fault", async () => {
    const server = tokenServer(0.001);
    const web = archive(oauth2());
    await web.echo();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await web.echo();
    expect(server.given()).toBe(2);
    expect(await failure(archive(oauth2('wrong')).echo())).toMatchObject({
      code: 'peer-unauthorized',
      verdict: 'park',
    });
  });

  it('from a file are read anew, so that they can be rotated', async () => {
    const file = join(dir, 'token');
    writeFileSync(file, 'old\n');
    let valid = 'old';
    peer.behave((request, response) =>
      request.headers.authorization === `Bearer ${valid}` ? false : jsonAnswer(response, 401, {}),
    );
    const web = archive({ auth: { type: 'bearer', token: { file: 'token' } } });
    await web.echo();
    valid = 'new';
    expect(await failure(web.echo())).toMatchObject({ code: 'peer-unauthorized' });
    writeFileSync(file, 'new\n');
    await web.echo();
    expect(() => archive({ auth: { type: 'bearer', token: { file: 'none' } } })).toThrow(
      /destination web: auth\.token/,
    );
  });

  it('by SigV4 sign the body that is sent', async () => {
    const auth = {
      type: 'sigv4',
      region: 'eu-central-1',
      accessKeyId: 'AK',
      secretAccessKey: 'SK',
      sessionToken: 'ST',
    };
    const { instance, accepted, opened } = anObject();
    let hashed = '';
    peer.behave(
      posts((request, response) => {
        const hash = createHash('sha256');
        request.on('data', (chunk: Buffer) => hash.update(chunk));
        request.once('end', () => {
          hashed = hash.digest('hex');
          peer.holds.set(instance.sopInstanceUid, Buffer.alloc(0));
          jsonAnswer(
            response,
            hashed === request.headers['x-amz-content-sha256'] ? 200 : 403,
            storeAnswer(instance.sopInstanceUid),
          );
        });
        expect(request.headers.authorization).toMatch(
          /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-central-1\/medical-imaging\/aws4_request, SignedHeaders=accept;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
        );
        return true;
      }),
    );
    expect(await archive({ auth }).store(instance, accepted, never)).toEqual({ status: 0, verified: 'qido' });
    expect(opened()).toBe(1);
  });
});

describe('TLS', () => {
  it('is mutual where both want it, and ends before a byte for a stranger', async () => {
    for (const name of ['server', 'client']) {
      const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
      const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
        stdio: 'ignore',
      });
    }
    const [key, cert, ca] = ['server.key', 'server.pem', 'client.pem'].map((name) => readFileSync(join(dir, name)));
    const secure = await stowPeer({ key: key ?? '', cert: cert ?? '', ca: ca ?? '' });
    try {
      const { instance, accepted, whole, opened } = anObject();
      const to = (tls: Record<string, string>) => archive({ url: secure.url, tls, idleTimeoutSeconds: 5 });
      const stranger = await failure(to({ ca: 'client.pem' }).store(instance, accepted, never));
      expect(stranger).toMatchObject({ code: 'peer-tls-failed', verdict: 'park' });
      const anonymous = await failure(to({ ca: 'server.pem' }).store(instance, accepted, never));
      expect(anonymous.verdict).toBe('park');
      expect(opened()).toBe(0);
      const mutual = to({ ca: 'server.pem', cert: 'client.pem', key: 'client.key' });
      expect(await mutual.store(instance, accepted, never)).toEqual({ status: 0, verified: 'qido' });
      expect(secure.received[0]?.object.equals(whole())).toBe(true);
    } finally {
      await secure.stop();
    }
  });
});

describe('the test of a destination', () => {
  it('is a search with its credentials; what is not answered properly fails it', async () => {
    expect(await archive().echo()).toBeGreaterThan(0);
    expect(peer.received[0]?.url).toBe('/dicom-web/studies?limit=1');
    peer.behave((_, response) => jsonAnswer(response, 404, {}));
    expect((await failure(archive().echo())).message).toContain('no DICOMweb service');
    expect(await failure(archive({ url: peer.url.replace('http', 'https') }).echo())).toMatchObject({
      code: 'peer-tls-failed',
    });
  });
});
