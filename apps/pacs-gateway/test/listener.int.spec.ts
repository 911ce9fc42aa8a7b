import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DimseListener, echo, tlsOptions, type ListenerOptions } from '@smartbox/dimse';
import { afterEach, describe, expect, it } from 'vitest';
import { pdu } from './support/raw-scp.ts';
import { associate, conversation, eventReport, fragment } from './support/raw-scu.ts';

const run = promisify(execFile);
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const ABORT = 7;
const REJECT = 3;
const ACCEPT = 2;

async function listener(more: Partial<ListenerOptions> = {}): Promise<{ port: number; trouble: string[] }> {
  const trouble: string[] = [];
  const server = new DimseListener({
    host: '127.0.0.1',
    port: 0,
    maxAssociations: 2,
    limits: { artimMs: 600, idleMs: 900, maxPduBytes: 16_384 },
    allowsAddress: () => Promise.resolve(true),
    services: {
      admit: ({ callingAeTitle }) =>
        Promise.resolve(callingAeTitle === 'STRANGER' ? { result: 1, source: 1, reason: 3 } : undefined),
      onEventReport: () => Promise.resolve(0),
      onTrouble: (what) => trouble.push(what),
    },
    ...more,
  });
  cleanUps.push(() => server.close());
  return { port: await server.listen(), trouble };
}

/** So many bytes, one after the other, for ever. */
const trickle = (bytes: Buffer, everyMs: number) => (socket: Socket) => {
  let at = 0;
  const timer = setInterval(() => (at < bytes.length ? socket.write(bytes.subarray(at, ++at)) : undefined), everyMs);
  socket.once('close', () => clearInterval(timer));
};

describe('the listener', () => {
  it('answers C-ECHO of DCMTK and of our own', async () => {
    const { port } = await listener();
    const { stdout, stderr } = await run('echoscu', ['-v', '-aec', 'SMARTBOX', '127.0.0.1', String(port)]);
    expect(stdout + stderr).toContain('Received Echo Response (Success)');
    const us = { host: '127.0.0.1', port, calledAeTitle: 'SMARTBOX', callingAeTitle: 'SMARTBOX' };
    expect(await echo({ ...us, maxPduBytes: 16_384, idleTimeoutMs: 2000 })).toBeGreaterThan(0);
  });

  it.each<[string, (socket: Socket) => void, number]>([
    ['says nothing', () => undefined, 600],
    ['trickles its request', trickle(associate(), 40), 600],
    ['says nothing after the association', (socket) => socket.write(associate()), 900],
    [
      'trickles a message',
      (socket) => trickle(Buffer.concat([associate(), eventReport(Buffer.alloc(9000))]), 1)(socket),
      900,
    ],
  ])('is rid of a peer that %s', async (_, talk, limitMs) => {
    const { port, trouble } = await listener();
    const heard = await conversation(port, talk);
    expect(heard.afterMs).toBeGreaterThan(limitMs * 0.9);
    expect(heard.afterMs).toBeLessThan(limitMs + 1500);
    expect(trouble[0]).toContain('in time');
  });

  it.each<[string, Buffer[], number[], number]>([
    ['data before the association', [fragment(Buffer.alloc(10), true, true)], [ABORT], 2],
    ['a release before the association', [pdu(5, Buffer.alloc(4))], [ABORT], 2],
    ['an unknown PDU', [pdu(0x42, Buffer.alloc(4))], [ABORT], 1],
    ['a request that claims 2 GB', [pdu(1, Buffer.alloc(100), 2 ** 31)], [ABORT], 6],
    ['a request with broken items', [pdu(1, Buffer.alloc(80, 0xff))], [ABORT], 6],
    ['a second request', [associate(), associate()], [ACCEPT, ABORT], 2],
    ['an answer', [associate(), pdu(2, Buffer.alloc(70))], [ACCEPT, ABORT], 2],
    ['a PDU beyond what was announced', [associate(), pdu(4, Buffer.alloc(100), 16_385)], [ACCEPT, ABORT], 6],
    [
      'a context that was not accepted',
      [associate(), eventReport(Buffer.alloc(4)).fill(9, 10, 11)],
      [ACCEPT, ABORT],
      6,
    ],
    [
      'a command without an end',
      [associate(), ...Array<Buffer>(8).fill(fragment(Buffer.alloc(16_000), true, false))],
      [ACCEPT, ABORT],
      6,
    ],
    [
      'a data set without an end',
      [
        associate(),
        eventReport(Buffer.alloc(16_000)).subarray(0, -16_012),
        ...Array<Buffer>(80).fill(fragment(Buffer.alloc(16_000), false, false)),
      ],
      [ACCEPT, ABORT],
      6,
    ],
  ])('aborts %s', async (_, said, pdus, reason) => {
    const before = process.memoryUsage().rss;
    const { port } = await listener();
    const heard = await conversation(port, (socket) => {
      for (const bytes of said) socket.write(bytes);
    });
    expect(heard.pdus).toEqual(pdus);
    expect(heard.last.slice(1)).toEqual([2, reason]); // the upper layer's, PS3.8 table 9-26
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('turns away strangers: by address before a byte, by AE title with the reason, and who comes too many', async () => {
    const { port } = await listener({ allowsAddress: (address) => Promise.resolve(address !== '127.0.0.1') });
    expect(await conversation(port, (socket) => socket.write(associate()))).toMatchObject({ pdus: [] });
    const open = await listener();
    const stranger = await conversation(open.port, (socket) => socket.write(associate('STRANGER')));
    expect(stranger).toMatchObject({ pdus: [REJECT], last: [1, 1, 3] });
    const first = [1, 2].map(() => conversation(open.port, (socket) => socket.write(associate())));
    const third = await conversation(open.port, (socket) => setTimeout(() => socket.write(associate()), 200));
    expect(third).toMatchObject({ pdus: [REJECT], last: [2, 3, 2] }); // for now: local limit exceeded
    await Promise.all(first);
    const later = conversation(open.port, (socket) => socket.write(associate()));
    expect((await later).pdus[0]).toBe(ACCEPT);
  });

  it('speaks TLS to those with a certificate, and to nobody else', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'listener-tls-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    for (const name of ['server', 'client', 'other']) {
      const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
      const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)];
      await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files]);
    }
    const pem = (name: string) => readFileSync(join(dir, name), 'utf8');
    const tls = { key: pem('server.key'), cert: pem('server.pem'), ca: pem('client.pem') };
    const { port, trouble } = await listener({ tls });
    const us = {
      host: '127.0.0.1',
      port,
      calledAeTitle: 'SMARTBOX',
      callingAeTitle: 'ARCHIVE',
      maxPduBytes: 16_384,
      idleTimeoutMs: 2000,
    };
    const client = tlsOptions({ ca: 'server.pem', cert: 'client.pem', key: 'client.key' }, dir);
    expect(await echo({ ...us, tls: client })).toBeGreaterThan(0);
    for (const files of [{ ca: 'server.pem' }, { ca: 'server.pem', cert: 'other.pem', key: 'other.key' }]) {
      await expect(echo({ ...us, tls: tlsOptions(files, dir) })).rejects.toMatchObject({
        code: expect.stringMatching(/^(peer-tls-failed|association-closed)$/) as string,
      });
    }
    await expect(echo(us)).rejects.toThrow();
    const closed = await listener({ tls, allowsAddress: () => Promise.resolve(false) });
    await expect(echo({ ...us, port: closed.port, tls: client })).rejects.toThrow();
    expect(closed.trouble[0]).toContain('not on the list');
    expect(trouble.some((what) => what.startsWith('TLS: '))).toBe(true);
  });
});
