import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildGateway } from './support/gateway.ts';
import { anObject, answers, archiveAt, failure, never, posts } from './support/stow-client.ts';
import { jsonAnswer, stowPeer, storeAnswer, type Rude, type StowPeer } from './support/stow-peer.ts';
import { videoObject } from './support/video-object.ts';

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

describe('an object', () => {
  it('arrives byte for byte with its exact length, and is looked for afterwards', async () => {
    const { instance, accepted, whole, uid } = anObject();
    expect(await archive().store(instance, accepted, never)).toEqual({ status: 0, verified: 'qido' });
    const [post, get] = peer.received;
    expect(post?.headers['content-type']).toMatch(/^multipart\/related; type="application\/dicom"; boundary=/);
    expect(Number(post?.headers['content-length'])).toBe(post?.bytes);
    expect(post?.headers['transfer-encoding']).toBeUndefined();
    expect(post?.object.equals(whole())).toBe(true);
    expect(get?.url).toBe(
      `/dicom-web/studies/${instance.studyInstanceUid}/series/${instance.seriesInstanceUid}/instances?SOPInstanceUID=${uid}`,
    );
  });

  it('is not opened for a server that is away or refuses it at once', async () => {
    const { instance, accepted, opened } = anObject();
    expect(await failure(archive({ url: 'http://127.0.0.1:9/x' }).store(instance, accepted, never))).toMatchObject({
      code: 'peer-unreachable',
      verdict: 'park',
    });
    // Refused before `100 Continue`.
    peer.behave(
      posts((_, response) => jsonAnswer(response, 413, {})),
      'silent',
    );
    expect(await failure(archive().store(instance, accepted, never))).toMatchObject({ code: 'http-status-413' });
    expect(opened()).toBe(0);
  });

  it('goes to a server that refuses `Expect`, without it, from then on', async () => {
    let refusals = 0;
    peer.behave((request, response) => {
      if (request.headers.expect === undefined) return false;
      refusals += 1;
      return jsonAnswer(response, 417, {});
    }, 'silent');
    const web = archive();
    for (const { instance, accepted } of [anObject(), anObject()]) {
      expect(await web.store(instance, accepted, never)).toMatchObject({ status: 0 });
    }
    expect(refusals).toBe(1);
  });

  it('goes to a server that knows no `Expect`, after a moment', async () => {
    peer.behave(() => false, 'silent');
    const { instance, accepted } = anObject();
    expect(await archive({ idleTimeoutSeconds: 5 }).store(instance, accepted, never)).toMatchObject({ status: 0 });
  });

  it.each<[string, Rude, string, string]>([
    ['413', answers(413), 'http-status-413', 'dead'],
    ['415', answers(415), 'presentation-context-refused', 'dead'],
    ['403', answers(403), 'http-status-403', 'dead'],
    ['400 without a reason', answers(400), 'http-status-400', 'dead'],
    ['409 without a reason', answers(409), 'http-status-409', 'dead'],
    ['500', answers(500), 'peer-failed', 'retry-if-alive'],
    ['507', answers(507), 'peer-failed', 'retry-if-alive'],
    ['429', answers(429), 'peer-busy', 'park'],
    ['401 with a password', answers(401), 'peer-unauthorized', 'park'],
    ['a redirect', answers(307, {}, { Location: 'http://127.0.0.1:1/other' }), 'http-status-307', 'dead'],
    ['202 and no list', answers(202), 'peer-protocol-error', 'retry-if-alive'],
    ['no answer', posts((request) => (request.resume(), true)), 'peer-idle', 'retry-if-alive'],
    [
      'a stall in the middle',
      posts((request) => (request.once('data', () => request.pause()), true)),
      'peer-idle',
      'retry-if-alive',
    ],
    [
      'a reset in the middle',
      posts((request) => {
        request.once('data', () => request.socket.resetAndDestroy());
        return true;
      }),
      'peer-closed',
      'retry-if-alive',
    ],
    [
      'an answer that is no HTTP',
      posts((request) => (request.resume().once('end', () => request.socket.end('SSH-2.0-hello\r\n')), true)),
      'peer-protocol-error',
      'retry-if-alive',
    ],
    [
      'an answer without an end',
      posts((request, response) => {
        request.resume().once('end', () => {
          response.writeHead(200);
          for (let i = 0; i < 40; i++) response.write(Buffer.alloc(65_536));
        });
        return true;
      }),
      'peer-protocol-error',
      'retry-if-alive',
    ],
  ])('answered by %s: no success', async (_, rude, code, verdict) => {
    peer.behave(rude);
    const { instance, accepted } = anObject(20_000_000);
    const web = archive({ auth: { type: 'basic', user: 'u', password: 'p' } });
    expect(await failure(web.store(instance, accepted, never))).toMatchObject({ code, verdict });
  });

  it.each([
    [409, 0xa700],
    [409, 0x0122],
    [202, 0xc000],
    [400, 0xa900],
  ])('refused by HTTP %i with its reason %i has that status', async (http, reason) => {
    const { instance, accepted, uid } = anObject();
    peer.behave(answers(http, storeAnswer(uid, reason)));
    expect(await archive().store(instance, accepted, never)).toEqual({ status: reason });
  });

  it('refused for its transfer syntax may come in another one', async () => {
    const { instance, accepted, uid } = anObject();
    peer.behave(answers(409, storeAnswer(uid, 0xc122)));
    await expect(archive().store(instance, accepted, never)).rejects.toMatchObject({
      code: 'presentation-context-refused',
    });
  });

  it('stored with a warning says so', async () => {
    const { instance, accepted, uid } = anObject();
    peer.holds.set(uid, Buffer.alloc(0));
    peer.behave(answers(202, storeAnswer(uid, undefined, 0xb000)));
    expect(await archive().store(instance, accepted, never)).toEqual({ status: 0xb000, verified: 'qido' });
  });

  it('that is there already, from an attempt whose answer was lost, is stored', async () => {
    const { instance, accepted, uid } = anObject();
    peer.holds.set(uid, Buffer.alloc(0));
    peer.behave(answers(409));
    expect(await archive().store(instance, accepted, never)).toEqual({ status: 0x0111, verified: 'qido' });
    peer.behave(answers(409, storeAnswer(uid, 45_070))); // as Azure says it
    expect(await archive().store(instance, accepted, never)).toEqual({ status: 0x0111, verified: 'qido' });
  });

  it('answered 200 in nonsense counts only if it is found', async () => {
    const { instance, accepted, uid } = anObject();
    peer.behave(posts((request, response) => (request.resume().once('end', () => response.end('{"0008119')), true)));
    expect(await failure(archive().store(instance, accepted, never))).toMatchObject({
      code: 'instance-missing',
      verdict: 'retry',
    });
    peer.holds.set(uid, Buffer.alloc(0));
    expect(await archive().store(instance, accepted, never)).toEqual({ status: 0, verified: 'qido' });
    expect(await failure(archive({ verify: 'none' }).store(instance, accepted, never))).toMatchObject({
      code: 'peer-protocol-error',
    });
  }, 30_000);

  it('stays stored where the server cannot be asked', async () => {
    const { instance, accepted, uid } = anObject();
    peer.behave((request, response) => {
      if (request.method === 'GET') return jsonAnswer(response, 501, {});
      request.resume().once('end', () => jsonAnswer(response, 200, storeAnswer(uid)));
      return true;
    });
    const answer = await archive().store(instance, accepted, never);
    expect(answer).toMatchObject({ status: 0, warning: expect.stringContaining('HTTP 501') as string });
    expect(answer.verified).toBeUndefined();
  });

  it('goes to a server that asks to wait, when it said', async () => {
    const { instance, accepted } = anObject();
    peer.behave(answers(503, {}, { 'Retry-After': '7' }));
    await expect(archive().store(instance, accepted, never)).rejects.toMatchObject({
      code: 'peer-busy',
      details: { retryAfterMs: 7000 },
    });
  });

  it('that breaks off on our side is not finished', async () => {
    const { instance, accepted } = anObject();
    const broken = async () => ({
      ...(await accepted()),
      read: async function* () {
        yield Buffer.alloc(100_000);
        throw Object.assign(new Error('the store is away'), { code: 'storage-unavailable' });
      },
    });
    await expect(archive().store(instance, broken, never)).rejects.toThrow('the store is away');
    expect(peer.holds.size).toBe(0);
  });

  it('ends when it is told to', async () => {
    peer.behave(posts(() => true));
    const stop = new AbortController();
    const { instance, accepted } = anObject();
    const sent = archive({ idleTimeoutSeconds: 60 }).store(
      instance,
      async () => {
        setImmediate(() => stop.abort(new Error('the service stops')));
        return accepted();
      },
      stop.signal,
    );
    await expect(sent).rejects.toThrow('the service stops');
  });
});

/** The object in a multipart body of one part, hashed as it comes; nothing of it is kept but its edges. */
async function partHash(request: IncomingMessage): Promise<{ bytes: number; sha256: string }> {
  const boundary = /boundary=([\w.]+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const hash = createHash('sha256');
  let bytes = 0;
  let begun = false;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of request as AsyncIterable<Buffer>) {
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    if (!begun) {
      const at = held.indexOf('\r\n\r\n');
      if (at < 0) continue;
      begun = true;
      held = held.subarray(at + 4);
    }
    const sure = Math.max(0, held.length - end.length); // the last bytes may be the end
    hash.update(held.subarray(0, sure));
    bytes += sure;
    held = held.subarray(sure);
  }
  expect(held.equals(end)).toBe(true);
  return { bytes, sha256: hash.digest('hex') };
}

// Half a minute of two busy cores: `STOW_OVER_4_GIB=1 npx vitest run --project int stow-peer`.
describe.runIf(process.env['STOW_OVER_4_GIB'])('an object of more than 4 GiB', () => {
  it(
    'arrives whole, its length beyond 32 bits, in constant memory with a heap of 256 MB',
    { timeout: 600_000 },
    async () => {
      buildGateway();
      let arrived: { bytes: number; sha256: string } | undefined;
      let announced = 0;
      peer.behave(
        posts((request, response) => {
          announced = Number(request.headers['content-length']);
          void partHash(request).then((part) => {
            arrived = part;
            jsonAnswer(response, 200, storeAnswer(videoObject(0, 'large-stow').sopInstanceUid));
          });
          return true;
        }),
      );
      const script = fileURLToPath(new URL('./support/send-large-stow.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--max-old-space-size=256',
        script,
        peer.url,
        '4500000000',
      ]);
      const sent = JSON.parse(stdout) as {
        status: number;
        bytes: number;
        sha256: string;
        seconds: number;
        peakMb: number;
      };
      console.log(`${sent.bytes} bytes sent in ${sent.seconds.toFixed(1)} s, peak RSS ${sent.peakMb.toFixed(0)} MB`);
      expect(sent.status).toBe(0);
      expect(sent.bytes).toBeGreaterThan(2 ** 32);
      expect(announced).toBeGreaterThan(sent.bytes);
      expect(arrived).toEqual({ bytes: sent.bytes, sha256: sent.sha256 });
      expect(sent.peakMb).toBeLessThan(250);
    },
  );
});
