import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  makeCertificate,
  startOrthanc,
  startStorescp,
  startTestPacs,
  startTlsFront,
  type Storescp,
} from '@smartbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Association, type AssociationOptions, AssociationPool, echo, store, tlsOptions } from '@smartbox/dimse';
import { datasetSha256 } from './support/gateway.ts';
import { accept, discarding, pdu, rawScp, storeResponse } from './support/raw-scp.ts';
import { videoObject, type VideoObject } from './support/video-object.ts';

const run = promisify(execFile);
const H264 = '1.2.840.10008.1.2.4.102';
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function scp(...extraArguments: string[]): Promise<Storescp> {
  const server = await startStorescp({ extraArguments });
  cleanUps.push(() => server.stop());
  return server;
}

function to(
  port: number,
  calledAeTitle: string,
  more: Partial<AssociationOptions> = {},
): Omit<AssociationOptions, 'contexts'> {
  return {
    host: '127.0.0.1',
    port,
    calledAeTitle,
    callingAeTitle: 'SMARTBOX',
    maxPduBytes: 262_144,
    idleTimeoutMs: 2000,
    ...more,
  };
}

async function send(target: Omit<AssociationOptions, 'contexts'>, ...objects: VideoObject[]) {
  const contexts = [{ abstractSyntax: objects[0]?.sopClassUid ?? '', transferSyntaxes: [H264] }];
  const association = await Association.open({ ...target, contexts });
  const answers = [];
  for (const object of objects) answers.push(await store(association, object));
  await association.release();
  return answers;
}

const hashOf = (object: VideoObject) => {
  const hash = createHash('sha256');
  for (const chunk of object.read()) hash.update(chunk);
  return hash.digest('hex');
};

describe('C-STORE to storescp', () => {
  it.each([['4096'], ['131072']])(
    'keeps every byte of several objects on one association, with PDUs of %s',
    async (pduBytes) => {
      const server = await scp('-pdu', pduBytes);
      const objects = ['a', 'b', 'c'].map((seed, i) => videoObject(700_001 + i * 12_345, seed));
      expect(await send(to(server.port, server.aeTitle), ...objects)).toEqual(objects.map(() => ({ status: 0 })));
      const files = await server.files();
      const stored = files.map((file) => datasetSha256(readFileSync(file))).sort();
      expect(stored).toEqual(objects.map(hashOf).sort());
      expect(await echo(to(server.port, server.aeTitle))).toBeGreaterThan(0);
    },
  );

  it('reports a refused association with source and reason', async () => {
    const server = await scp('--refuse');
    await expect(send(to(server.port, server.aeTitle), videoObject(1000, 'r'))).rejects.toMatchObject({
      code: 'association-rejected',
      retryable: false,
      details: { result: 1, source: 1, reason: 1, phase: 'negotiation' },
    });
  });

  it.each([['--abort-during'], ['--abort-after']])('never takes %s for success', async (option) => {
    const server = await scp(option);
    await expect(send(to(server.port, server.aeTitle), videoObject(5_000_000, 'x'))).rejects.toMatchObject({
      code: expect.stringMatching(/^association-(aborted|closed)$/),
      phase: 'transfer',
      retryable: true,
    });
  });

  it('gives up on one that makes no progress, not on one that is slow', async () => {
    const server = await scp('--sleep-during', '4');
    const begun = performance.now();
    await expect(send(to(server.port, server.aeTitle), videoObject(1000, 'h'))).rejects.toMatchObject({
      code: 'association-idle',
    });
    expect(performance.now() - begun).toBeLessThan(3500);
    const slow = await startTestPacs();
    cleanUps.push(() => slow.stop());
    slow.behave({ bytesPerSecond: 2_000_000 });
    const sent = performance.now();
    // The last few MB lie in the kernel's buffers: their time is idle time for us.
    const target = to(slow.port, slow.aeTitle, { idleTimeoutMs: 4000 });
    expect(await send(target, videoObject(16_000_000, 'p'))).toEqual([{ status: 0 }]);
    expect(performance.now() - sent).toBeGreaterThan(6000);
  });

  it('says which transfer syntax is not taken', async () => {
    const server = await startStorescp({ extraArguments: ['+xi'] });
    cleanUps.push(() => server.stop());
    const object = videoObject(1000, 't', '1.2.840.10008.1.2.4.201'); // HTJ2K: unknown to DCMTK 3.6.7
    const pool = new AssociationPool(to(server.port, server.aeTitle));
    const kind = { sopClassUid: object.sopClassUid, transferSyntaxUid: object.transferSyntaxUid };
    await expect(
      pool.use(kind, new AbortController().signal, (association) => store(association, object)),
    ).rejects.toMatchObject({
      code: 'presentation-context-refused',
      details: { result: 4, transferSyntax: object.transferSyntaxUid },
    });
  });

  it('opens one association for kinds that come one after another, and a new one where a new kind comes', async () => {
    const peer = await startTestPacs();
    cleanUps.push(() => peer.stop());
    const opened: Association[] = [];
    const pool = new AssociationPool(to(peer.port, peer.aeTitle), (association) => {
      // A peer that serves one at a time would keep the new one waiting for an idle one.
      expect(opened.filter((earlier) => earlier.established)).toEqual([]);
      opened.push(association);
    });
    for (const [i, syntax] of [102, 107, 102, 201, 107, 201].entries()) {
      const object = videoObject(1000, `kind-${i}`, `1.2.840.10008.1.2.4.${syntax}`);
      const sent = await pool.use(object, new AbortController().signal, (association) => store(association, object));
      expect(sent).toEqual({ status: 0 });
    }
    await pool.close();
    expect(opened).toHaveLength(3);
  });

  it('speaks mutual TLS, and refuses a peer it cannot trust', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pacs-tls-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    for (const name of ['server', 'client']) await makeCertificate(dir, name);
    const plain = await scp();
    const [key, cert, ca] = ['server.key', 'server.pem', 'client.pem'].map((name) => readFileSync(join(dir, name)));
    const front = await startTlsFront(plain.port, { key, cert, ca, requestCert: true, rejectUnauthorized: true });
    cleanUps.push(() => front.stop());
    const { port } = front;
    const object = videoObject(3_000_000, 'tls');
    const mutual = tlsOptions({ ca: 'server.pem', cert: 'client.pem', key: 'client.key' }, dir);
    expect(await send(to(port, 'ANY', { tls: mutual }), object)).toEqual([{ status: 0 }]);
    const anonymous = tlsOptions({ ca: 'server.pem' }, dir);
    await expect(send(to(port, 'ANY', { tls: anonymous }), object)).rejects.toMatchObject({
      code: expect.stringMatching(/^(peer-tls-failed|association-closed)$/),
    });
    const distrust = tlsOptions({ ca: 'client.pem' }, dir);
    await expect(send(to(port, 'ANY', { tls: distrust }), object)).rejects.toMatchObject({ code: 'peer-tls-failed' });
  });
});

describe('C-STORE to Orthanc', () => {
  it('is read back the same', async () => {
    const orthanc = await startOrthanc();
    cleanUps.push(() => orthanc.stop());
    const object = videoObject(2_000_003, 'orthanc');
    expect(await send(to(orthanc.port, orthanc.aeTitle, { idleTimeoutMs: 20_000 }), object)).toEqual([{ status: 0 }]);
    expect(await orthanc.view.find(object.sopInstanceUid)).toMatchObject({
      sopClassUid: object.sopClassUid,
      transferSyntaxUid: H264,
    });
    expect(datasetSha256(await buffer(await orthanc.view.open(object.sopInstanceUid)))).toBe(hashOf(object));
  });
});

describe('a rude peer', () => {
  const rude = async (onRequest: (socket: Socket) => void) => {
    const server = await rawScp((socket) => socket.once('data', () => onRequest(socket)));
    cleanUps.push(() => server.stop());
    return send(to(server.port, 'RUDE', { idleTimeoutMs: 1000 }), videoObject(400_000, 'rude'));
  };

  it.each<[string, Buffer, string]>([
    ['an unknown PDU', pdu(0x99, Buffer.alloc(4)), 'peer-protocol-error'],
    [
      'a PDU that claims 2 GB',
      Buffer.concat([accept(H264, 16_384), pdu(4, Buffer.alloc(10), 2 ** 31)]),
      'peer-protocol-error',
    ],
    [
      'a PDV longer than its PDU',
      Buffer.concat([accept(H264, 16_384), pdu(4, Buffer.from([0, 0, 9, 9, 1, 3]))]),
      'peer-protocol-error',
    ],
    ['an answer that is cut off', pdu(2, accept(H264, 16_384).subarray(6, 100)), 'peer-protocol-error'],
    ['data before the association', storeResponse(0), 'peer-protocol-error'],
    [
      'success before it has the object',
      Buffer.concat([accept(H264, 16_384), storeResponse(0)]),
      'peer-protocol-error',
    ],
    ['another transfer syntax than proposed', accept('1.2.840.10008.1.2', 16_384), 'presentation-context-refused'],
    ['silence', Buffer.alloc(0), 'association-idle'],
    ['silence after the answer', accept(H264, 16_384), 'association-idle'],
  ])('with %s ends the association with a reason', async (_, bytes, code) => {
    await expect(rude((socket) => socket.write(bytes))).rejects.toMatchObject({ code });
  });

  it('that hangs up after the answer has stored nothing', async () => {
    await expect(rude((socket) => socket.end(accept(H264, 16_384)))).rejects.toMatchObject({
      code: 'association-closed',
    });
  });

  it('that refuses in the middle is heard before everything is sent', async () => {
    let sent = 0;
    const refusing = await rawScp((socket) => {
      socket.once('data', () => {
        socket.write(accept(H264, 0));
        socket.once('data', () => socket.write(storeResponse(0xa700)));
      });
      socket.on('data', (chunk: Buffer) => (sent += chunk.length));
    });
    cleanUps.push(() => refusing.stop());
    expect(await send(to(refusing.port, 'FULL'), videoObject(200_000_000, 'full'))).toEqual([{ status: 0xa700 }]);
    expect(sent).toBeLessThan(100_000_000);
  });

  it('that slows down slows the source, and an abort by us ends both', async () => {
    const stop = new AbortController();
    const server = await rawScp((socket) =>
      socket.once('data', () => {
        socket.write(accept(H264, 0));
        socket.pause();
      }),
    );
    cleanUps.push(() => server.stop());
    let taken = 0;
    const object = videoObject(500_000_000, 'slow');
    const read = function* () {
      for (const chunk of object.read()) {
        taken += chunk.length;
        yield chunk;
      }
    };
    const contexts = [{ abstractSyntax: object.sopClassUid, transferSyntaxes: [H264] }];
    const association = await Association.open({ ...to(server.port, 'SLOW', { idleTimeoutMs: 60_000 }), contexts });
    const sending = association.during(stop.signal, () => store(association, { ...object, read }));
    setTimeout(() => stop.abort(), 500);
    await expect(sending).rejects.toMatchObject({ code: 'cancelled' });
    expect(taken).toBeLessThan(50_000_000);
  });
});

describe('an object of 12 GB', () => {
  it('is sent in constant memory, with a heap of 512 MB', async () => {
    const server = await discarding('1.2.840.10008.1.2.4.104.1', 131_072); // a fragment ends below 4 GiB
    cleanUps.push(() => server.stop());
    const script = fileURLToPath(new URL('./support/send-large.ts', import.meta.url));
    const { stdout } = await run(process.execPath, [
      '--max-old-space-size=512',
      '--conditions=@smartbox/source',
      script,
      String(server.port),
      '12000000000',
    ]);
    const { status, bytes, seconds, peakMb } = JSON.parse(stdout) as Record<string, number>;
    console.log(`12 GB sent in ${seconds?.toFixed(1)} s, peak RSS ${peakMb?.toFixed(0)} MB`);
    expect(status).toBe(0);
    expect(bytes).toBeGreaterThan(12e9);
    expect(server.bytes()).toBeGreaterThan(bytes ?? Infinity);
    expect(peakMb).toBeLessThan(300);
  }, 300_000);
});
