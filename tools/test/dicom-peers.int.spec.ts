import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSyntheticVideo } from '@smartbox/media/native';
import { makeCertificate, startStorescp, startTlsFront, startWlmscpfs } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicom, sha256 } from './dicom-run.ts';

/** Of two objects of the video, `a.dcm` and `b.dcm`. */
let payload: string;
let dir: string;
let video: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-peers-'));
  video = at('video.mp4');
  await writeSyntheticVideo(video, { width: 320, height: 180, frames: 10, fps: 25 });
  const make = (name: string) => dicom('make', video, '--sop', 'Video Endoscopic', '--out', at(name));
  const [a, b] = await Promise.all([make('a.dcm'), make('b.dcm')]);
  expect(a.json['payloadSha256']).toBe(b.json['payloadSha256']);
  payload = String(a.json['payloadSha256']);
});
afterAll(() => rm(dir, { recursive: true }));

describe('a peer', () => {
  let storescp: Awaited<ReturnType<typeof startStorescp>>;
  beforeAll(async () => void (storescp = await startStorescp()));
  afterAll(() => storescp.stop());

  it('answers, takes an object unchanged, and refuses what it does not know', async () => {
    const to = `${storescp.aeTitle}@127.0.0.1:${storescp.port}`;
    expect(await dicom('echo', to)).toMatchObject({ code: 0, json: { ok: true } });
    const sent = await dicom('send', at('a.dcm'), '--to', to);
    expect(sent).toMatchObject({ code: 0, json: { ok: true, results: [{ status: '0000' }] } });
    const [file = ''] = await storescp.files();
    await dicom('extract', file, '--out', at('stored.mp4'));
    expect(await sha256(at('stored.mp4'))).toBe(payload);
    expect(await dicom('echo', 'X@127.0.0.1:1')).toMatchObject({
      code: 1,
      json: { error: { code: 'peer-unreachable' } },
    });
    expect(await dicom('send', video, '--to', to)).toMatchObject({
      code: 1,
      json: { results: [{ ok: false, error: { code: 'not-dicom' } }] },
    });
    expect(await dicom('echo', 'nonsense')).toMatchObject({ code: 1, json: { error: { code: 'invalid-peer' } } });
  });

  it('is spoken to over TLS, both certificates checked', async () => {
    for (const name of ['peer', 'own']) await makeCertificate(dir, name);
    const [key, cert, ca] = await Promise.all(['peer.key', 'peer.pem', 'own.pem'].map((name) => readFile(at(name))));
    const front = await startTlsFront(storescp.port, { key, cert, ca, requestCert: true, rejectUnauthorized: true });
    try {
      const before = await storescp.files();
      const send = ['send', at('b.dcm'), '--to', `${storescp.aeTitle}@127.0.0.1:${front.port}`];
      // the system does not know the peer's certificate; the peer wants to see ours
      for (const half of [['--tls'], ['--tls-ca', at('peer.pem')]]) {
        const code = expect.stringMatching(/^(peer-tls-failed|association-closed)$/);
        expect(await dicom(...send, ...half)).toMatchObject({ code: 1, json: { results: [{ error: { code } }] } });
      }
      expect(await storescp.files()).toEqual(before);
      const mutual = ['--tls-ca', at('peer.pem'), '--tls-cert', at('own.pem'), '--tls-key', at('own.key')];
      expect(await dicom(...send, '--tls', ...mutual)).toMatchObject({
        code: 0,
        json: { results: [{ status: '0000' }] },
      });
      const [file = ''] = (await storescp.files()).filter((each) => !before.includes(each));
      await dicom('extract', file, '--out', at('secure.mp4'));
      expect(await sha256(at('secure.mp4'))).toBe(payload);
    } finally {
      await front.stop();
    }
  });

  it('answers a worklist query, umlauts included', async () => {
    const worklist = await startWlmscpfs([
      {
        patientName: 'Müller^Jürgen',
        patientId: 'P-9',
        patientBirthDate: '19700101',
        patientSex: 'M',
        accessionNumber: 'ACC-9',
        studyInstanceUid: '2.25.9',
        requestedProcedureId: 'RP-9',
        requestedProcedureDescription: 'Koloskopie',
        stepId: 'S-9',
        stepDescription: 'Koloskopie',
        stationAe: 'OR1',
        modality: 'ES',
        date: '20260105',
        time: '0930',
      },
    ]);
    try {
      const answer = await dicom('worklist', '--to', `${worklist.aeTitle}@127.0.0.1:${worklist.port}`);
      expect(answer.code).toBe(0);
      expect(JSON.stringify(answer.json)).toContain('Müller^Jürgen');
    } finally {
      await worklist.stop();
    }
  });
});
