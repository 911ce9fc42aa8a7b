import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ringStream } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { frameCounters } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setProcedure, shoot } from './past.ts';
import { startService, token, viewerEvents, type Service } from './service.ts';

describe('rewind by HLS', () => {
  let service: Service;
  let dir: string;
  let first: number[];
  const [patientA, patientB] = [newId(), newId()];
  const epochs = [newId(), newId(), newId()];

  const get = (file: string, bearer: string | null = token(), headers: Record<string, string> = {}) =>
    fetch(`${service.url}/hls/or-1/scope/${file}`, {
      headers: { ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
    });
  const playlist = async () => {
    const response = await get('index.m3u8');
    expect(response.status).toBe(200);
    return (await response.text()).split('\n');
  };
  const segments = (lines: string[]) => lines.filter((line) => /^\d+\.m4s/.test(line));
  const bytes = async (file: string) => new Uint8Array(await (await get(file)).arrayBuffer());
  const code = async (response: Response) => [
    response.status,
    response.headers.get('content-type')?.split(';')[0],
    ((await response.json()) as { code: string }).code,
  ];
  const problem = 'application/problem+json';

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1', ALLOWED_ORIGINS: 'https://or.example' });
    dir = await mkdtemp(join(tmpdir(), 'smartbox-hls-'));
    await service.edge.ensureStream(ringStream('or-1', 600_000, 500_000_000));
  });
  afterAll(async () => {
    await service?.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('says that no procedure runs, or that nothing of it is there', async () => {
    expect(await code(await get('index.m3u8'))).toEqual([404, problem, 'no-procedure']);
    await setProcedure(service.edge, patientA);
    const empty = await get('index.m3u8');
    expect(empty.headers.get('retry-after')).toBe('2');
    expect(await code(empty)).toEqual([404, problem, 'nothing-recorded']);
  });

  it('gives back every frame of the past, over the restart of an encoder', async () => {
    first = await shoot(service.edge, { procedure: patientA, at: 0, seconds: 3, counter: 0, epoch: epochs[0]! });
    await shoot(service.edge, { procedure: patientA, at: 0, seconds: 1, counter: 900, source: 'room' });
    await shoot(service.edge, { procedure: patientA, at: 7, seconds: 2, counter: 500, epoch: epochs[1]!, width: 320 });
    const lines = await until(async () => {
      const seen = await playlist();
      return segments(seen).length === 5 && seen;
    });
    expect(lines.filter((line) => line === '#EXT-X-DISCONTINUITY')).toHaveLength(1);
    expect(lines.filter((line) => line === '#EXT-X-GAP')).toHaveLength(2);
    expect(lines.join()).not.toMatch(/PLAYLIST-TYPE|ENDLIST/);
    const counters: (number | null)[] = [];
    for (const [i, epoch] of epochs.slice(0, 2).entries()) {
      const from = lines.indexOf(`#EXT-X-MAP:URI="init-${epoch}.mp4"`);
      const to = lines.indexOf('#EXT-X-DISCONTINUITY', from);
      const files = segments(lines.slice(from, to < 0 ? undefined : to));
      const parts = [await bytes(`init-${epoch}.mp4`), ...(await Promise.all(files.map(bytes)))];
      const path = join(dir, `${i}.mp4`);
      await writeFile(path, Buffer.concat(parts));
      counters.push(...(await frameCounters(path)));
    }
    expect(counters).toEqual([...Array(90).keys(), ...[...Array(60).keys()].map((n) => n + 500)]);
  });

  it('follows the ring while somebody looks back', async () => {
    const before = await playlist();
    await shoot(service.edge, { procedure: patientA, at: 9, seconds: 1, counter: 560, epoch: epochs[2]! });
    const after = await until(async () => {
      const seen = await playlist();
      return segments(seen).length > segments(before).length && seen;
    });
    expect(after.slice(0, 8)).toEqual(before.slice(0, 8));
    expect(await service.metric('smartbox_dvr_sources')).toBe(1);
  });

  it('tells who looked back, once', async () => {
    const told = await until(async () => {
      const events = await viewerEvents(service.edge);
      return events.length > 0 && events;
    });
    expect(told).toMatchObject([{ stationId: 'or-1', sourceId: 'scope', who: 'dr-a', transport: 'hls' }]);
    expect(told[0]).not.toHaveProperty('watchedMs');
  });

  it('checks the token of this one stream on everything', async () => {
    for (const file of ['index.m3u8', `init-${epochs[0]}.mp4`, `${first[0]}.m4s`]) {
      expect(await code(await get(file, null))).toEqual([401, problem, 'live-token-missing']);
      expect(await code(await get(file, token('or-1', 'room')))).toEqual([403, problem, 'live-token-other-stream']);
      expect(await code(await get(file, token('or-1', 'scope', -1)))).toEqual([401, problem, 'live-token-expired']);
      expect((await get(`${file}?token=${token()}`, null)).status).toBe(200);
    }
    const inQuery = await (await get(`index.m3u8?token=${token()}`, null)).text();
    const addresses = inQuery.split('\n').filter((line) => line.includes('.m4s') || line.includes('MAP'));
    expect(addresses.every((line) => /\?token=[\w.-]+"?$/.test(line))).toBe(true);
    // A segment of another source is not there, with whatever right token.
    expect(await code(await get(`${first.at(-1)! + 1}.m4s`))).toEqual([404, problem, 'unknown-segment']);
  });

  it('keeps nothing in caches, packs playlists, and answers pages of allowed origins only', async () => {
    const origin = { origin: 'https://or.example' };
    for (const file of ['index.m3u8', `init-${epochs[0]}.mp4`, `${first[0]}.m4s`]) {
      const response = await get(file, token(), origin);
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      expect(response.headers.get('access-control-allow-origin')).toBe('https://or.example');
      expect(response.headers.get('vary')).toContain('Origin');
      const type = file === 'index.m3u8' ? 'application/vnd.apple.mpegurl' : 'video/mp4';
      expect(response.headers.get('content-type')).toContain(type);
      const elsewhere = await get(file, token(), { origin: 'https://else.example' });
      expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(await encoding('gzip, br')).toBe('gzip');
    expect(await encoding('identity')).toBeUndefined();
    expect(await encoding('gzip;q=0')).toBeUndefined();
    const preflight = await fetch(`${service.url}/hls/or-1/scope/index.m3u8`, { method: 'OPTIONS', headers: origin });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'Authorization']);
  });

  const encoding = (accept: string) =>
    new Promise<string | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token()}`, 'accept-encoding': accept };
      request(`${service.url}/hls/or-1/scope/index.m3u8`, { headers }, (response) => {
        response.resume();
        resolve(response.headers['content-encoding']);
      })
        .on('error', reject)
        .end();
    });

  it('tells expired from never there', async () => {
    await service.edge.ring.purge('RING_or-1', { beforeSeq: first[1]! });
    expect(await code(await get(`${first[0]}.m4s`))).toEqual([410, problem, 'segment-expired']);
    expect(await code(await get('999999.m4s'))).toEqual([404, problem, 'unknown-segment']);
    expect(await code(await get('..%2Fx.m4s'))).toEqual([404, problem, 'unknown-segment']);
    expect(await code(await get(`init-${newId()}.mp4`))).toEqual([410, problem, 'segment-expired']);
    const lines = await until(async () => {
      const seen = await playlist();
      return !segments(seen).includes(`${first[0]}.m4s`) && seen;
    });
    expect(segments(lines)[0]).toBe(`${first[1]}.m4s`);
    // The header of the epoch outlives its first message.
    expect((await get(`init-${epochs[0]}.mp4`)).status).toBe(200);
  });

  it('shows nothing of one patient under another', async () => {
    const addressOfA = `${first[2]}.m4s`;
    expect((await get(addressOfA)).status).toBe(200);
    await setProcedure(service.edge, patientB);
    expect(await code(await get('index.m3u8'))).toEqual([404, problem, 'nothing-recorded']);
    expect(await code(await get(addressOfA))).toEqual([410, problem, 'segment-expired']);
    expect(await code(await get(`init-${epochs[0]}.mp4`))).toEqual([410, problem, 'segment-expired']);
    const ofB = await shoot(service.edge, { procedure: patientB, at: 20, seconds: 2, counter: 0 });
    const lines = await until(async () => {
      const response = await get('index.m3u8');
      return response.ok && (await response.text()).split('\n');
    });
    expect(segments(lines)).toEqual(ofB.slice(0, segments(lines).length).map((sequence) => `${sequence}.m4s`));
    await setProcedure(service.edge, null);
    expect(await code(await get(`${ofB[0]}.m4s`))).toEqual([404, problem, 'no-procedure']);
  });
});
