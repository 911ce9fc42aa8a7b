import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Messaging } from '@smartbox/messaging';
import { freePort, repoRoot, until } from '@smartbox/testing';
import { fillRing } from '@smartbox/testing/ring';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsOf, reached, save, smallStation, startLine, startProcedure, type Line } from './support.ts';

const [endoscope] = smallStation.sources;
let line: Line;

beforeAll(async () => {
  const nobody = await freePort();
  line = await startLine({
    stations: [
      {
        ...smallStation,
        sources: [
          endoscope!,
          { id: 'dead-camera', name: 'Tote Kamera', kind: 'rtsp', url: `rtsp://127.0.0.1:${nobody}/x` },
        ],
      },
      // The ring of `filled` is written by a test: no camera answers there.
      {
        ...smallStation,
        id: 'or-2',
        name: 'OP 2',
        aeTitle: 'OR2',
        sources: [
          endoscope!,
          { id: 'filled', name: 'Aus dem Test', kind: 'rtsp', url: `rtsp://127.0.0.1:${nobody}/y` },
        ],
      },
    ],
    destinations: [{ name: 'nobody', title: 'Nobody', aeTitle: 'NOBODY', host: '127.0.0.1', port: nobody }],
    recipes: [
      {
        name: 'endoscopy',
        version: 1,
        title: { de: 'Endoskopie', en: 'Endoscopy' },
        saveSeconds: 120,
        dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
        renditions: ['pacs', 'poster', 'sprite'],
        destinations: ['pacs', 'nobody'],
      },
    ],
  });
});
afterAll(() => line?.stop());

/** The problem document (RFC 9457) that a request is answered with. */
async function problem(path: string, body: unknown): Promise<{ status: number; code: string; detail?: string }> {
  const response = await fetch(`${line.box.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  return (await response.json()) as { status: number; code: string; detail?: string };
}

describe('bad input is answered clearly, seen by the user, and stops nothing else', () => {
  it('a source that refuses: its state says why, the camera beside it works', async () => {
    const station = await until(
      async () => {
        const seen = await line.api.station('or-1');
        return seen.sources.find((source) => source.sourceId === 'dead-camera')?.state === 'offline' ? seen : undefined;
      },
      { what: 'the dead camera is offline' },
    );
    const dead = station.sources.find((source) => source.sourceId === 'dead-camera');
    expect(dead?.reason).toMatch(/refused/i);
    await until(async () => (await line.api.station('or-1')).sources.some((source) => source.state === 'live'), {
      what: 'the other camera is live',
    });
  });

  it('an unknown station', async () => {
    expect(await problem('/procedures', { stationId: 'or-99', emergency: {} })).toMatchObject({
      status: 404,
      code: expect.stringMatching(/station/),
      detail: expect.stringContaining('or-99'),
    });
  });

  it('a malformed request names the field', async () => {
    const answer = await problem('/procedures', { stationId: 'OP Eins', emergency: {} });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer)).toContain('stationId');
  });

  it('a clip while no procedure runs', async () => {
    const answer = await problem('/clips', {
      clipId: '01J00000000000000000000009',
      stationId: 'or-2',
      lastSeconds: 10,
    });
    expect(answer.status).toBe(409);
  });

  it('a range in the future fails loudly, and the next save works', async () => {
    await startProcedure(line, 'or-1', 0);
    await until(
      async () => (await line.api.station('or-1')).window?.sources.some((source) => source.availableMs >= 4000),
      { what: '4 s of the living camera' },
    );
    const { newId } = await import('@smartbox/kernel');
    const clipId = newId();
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    const refused = await line.api.saveClip({ clipId, stationId: 'or-1', from: at(5), to: at(7) }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refused).toContain(at(7).slice(0, 16));
    await reached(line, await save(line, 'or-1', 3), 'saved');
  });

  it('a PACS that nobody answers for: the delivery waits and says why, the other destination has the object', async () => {
    const clipId = await save(line, 'or-1', 2);
    const clip = await until(
      async () => {
        const seen = await line.api.clip(clipId);
        const states = seen.instances.flatMap((instance) => instance.deliveries);
        const stored = states.some((delivery) => delivery.destination === 'pacs' && delivery.state === 'stored');
        const waits = states.some((delivery) => delivery.destination === 'nobody' && delivery.state === 'deferred');
        return stored && waits ? seen : undefined;
      },
      { timeoutMs: 60_000, what: 'one delivery stored, one deferred' },
    );
    const waiting = clip.instances[0]?.deliveries.find((delivery) => delivery.destination === 'nobody');
    expect(waiting?.reason).toMatch(/refused|connect/i);
    expect(await line.api.echo('nobody')).toMatchObject({ ok: false });
    expect(await line.api.echo('pacs')).toMatchObject({ ok: true });
  });

  it('a malformed event becomes a dead letter with the reason, and the next one flows', async () => {
    const stranger = await Messaging.connect({ ...natsOf(line), service: 'buffer' });
    try {
      // Written past the library's own check, as a broken or hostile publisher would.
      const raw = JSON.stringify({ specversion: '1.0', id: 'x', source: 'x', type: 'x', data: { clipId: 7 } });
      await stranger.ring.publishRing('evt.buffer.clip.saved', Buffer.from(raw), {}, 'malformed-1');
    } finally {
      await stranger.close();
    }
    await reached(line, await save(line, 'or-1', 2), 'prepared');
    const looker = await Messaging.connect({ ...natsOf(line), service: 'catalog' });
    try {
      const reasons: Record<string, string>[] = [];
      for await (const letter of looker.ring.readHeaders('DEAD')) reasons.push({ ...letter.headers });
      const ours = reasons.filter((headers) => headers['Smartbox-Dead-Subject'] === 'evt.buffer.clip.saved');
      expect(ours.length).toBeGreaterThan(0);
      for (const headers of ours) expect(headers['Smartbox-Dead-Reason']).toMatch(/\w{4}/);
    } finally {
      await looker.close();
    }
  });

  it('a corrupt fragment in the ring: the clip is saved with the hole shown', async () => {
    const { procedureId } = await line.api.startProcedure({ stationId: 'or-2', emergency: {} });
    await fillRing(natsOf(line), {
      station: 'or-2',
      sources: ['filled'],
      procedure: procedureId,
      seconds: 8,
      width: 640,
      height: 360,
      bitrate: 800_000,
      corrupt: [4],
    });
    const { newId } = await import('@smartbox/kernel');
    const clipId = newId();
    await line.api.saveClip({ clipId, stationId: 'or-2', sources: ['filled'], lastSeconds: 8 });
    const clip = await reached(line, clipId, 'saved');
    expect(clip.sources[0]?.gaps).toEqual([expect.objectContaining({ reason: 'fragment-corrupt' })]);
    expect(clip.sources[0]?.frames).toBe(7 * 30);
  });

  it('a wrong setting stops the boot and names the variable, not the value', async () => {
    for (const service of [
      'buffer',
      'transcoder',
      'dicomizer',
      'pacs-gateway',
      'catalog',
      'streaming',
      'capture-edge',
    ]) {
      const main = join(repoRoot(), 'apps', service, 'dist', 'main.js');
      const env = { PATH: process.env['PATH'], PORT: 'eighty', NATS_URL: 'nats://secret@127.0.0.1:1' };
      const failed = await promisify(execFile)(process.execPath, [main], { env, timeout: 30_000 }).then(
        () => ({ code: 0, stderr: '', stdout: '' }),
        (error: { code: number; stderr: string; stdout: string }) => error,
      );
      expect(failed.code).not.toBe(0);
      expect(failed.stderr + failed.stdout).toContain('PORT');
      expect(failed.stderr + failed.stdout).not.toContain('secret');
    }
  });
});
