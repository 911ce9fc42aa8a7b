import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameCounters } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FRAME_HEADER_BYTES } from '../src/domain/frame-message.ts';
import { announce, Camera } from './camera.ts';
import { startService, token, viewerEvents, type Service } from './service.ts';

interface Player {
  socket: WebSocket;
  /** Its name. */
  session: string;
  /** Of the text messages. */
  formats: { codec: string; width: number; height: number }[];
  /** `ftyp`+`moov`, then `moof`+`mdat` of each picture. */
  pieces: Buffer[];
  kinds: number[];
  delaysMs: number[];
  /** Of every piece, ms since 1970; 0 for the header. */
  capturedAt: number[];
  closed: Promise<{ code: number; reason: string }>;
}

describe('live over a WebSocket', () => {
  let service: Service;
  let camera: Camera;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartbox-socket-'));
    service = await startService({ MAX_WORKERS: '1', SOCKET_VIEWERS: '3' });
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 300 });
  });
  afterAll(async () => {
    await camera?.stop();
    await service?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function play(path = 'or-1/scope', bearer: string | null = token()): Player {
    const url = `${service.url.replace(/^http/, 'ws')}/live/${path}`;
    const socket = new WebSocket(url, ['smartbox.live.v1', ...(bearer === null ? [] : [`bearer.${bearer}`])]);
    const player: Player = {
      socket,
      session: '',
      formats: [],
      pieces: [],
      kinds: [],
      delaysMs: [],
      capturedAt: [],
      closed: new Promise((resolve, reject) => {
        socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
        socket.on('error', reject);
      }),
    };
    player.closed.catch(() => undefined);
    socket.on('message', (data: Buffer, binary) => {
      if (!binary) {
        const said = JSON.parse(data.toString()) as Player['formats'][number] & { t: string; id: string };
        if (said.t === 'session') player.session = said.id;
        else player.formats.push(said);
        return;
      }
      const kind = data.readUInt8(0);
      player.kinds.push(kind);
      const capturedAt = kind > 0 ? data.readDoubleBE(8) : 0;
      player.capturedAt.push(capturedAt);
      if (kind > 0) player.delaysMs.push(Date.now() - capturedAt);
      player.pieces.push(data.subarray(FRAME_HEADER_BYTES));
    });
    return player;
  }

  /** The burnt-in counters of what a player was sent. */
  async function counters(pieces: readonly Buffer[]): Promise<(number | null)[]> {
    const file = join(folder, `${Math.random()}.mp4`);
    const out = createWriteStream(file);
    for (const piece of pieces) out.write(piece);
    await new Promise<void>((resolve) => out.end(resolve));
    return frameCounters(file);
  }

  it('sends every picture as soon as it is there; what was sent decodes', async () => {
    const player = play();
    await until(() => player.pieces.length > 61);
    player.socket.close();
    expect(player.formats).toMatchObject([{ codec: expect.stringMatching(/^avc1\.64/), width: 640, height: 360 }]);
    expect(player.kinds.slice(0, 3)).toEqual([0, 2, 1]);
    const seen = await counters(player.pieces);
    expect(seen.length).toBe(player.pieces.length - 1);
    const first = seen[0] ?? -1;
    expect(seen).toEqual(seen.map((_, i) => first + i));
    const delays = player.delaysMs.sort((a, b) => a - b);
    console.log(`${seen.length} pictures, capture to socket p50 ${delays[delays.length >> 1]?.toFixed(1)} ms`);
    await until(async () => (await service.metric('smartbox_live_socket_viewers')) === 0);
    const watched = await until(async () => {
      const told = await viewerEvents(service.edge);
      return told.length === 2 && told;
    });
    const who = { stationId: 'or-1', sourceId: 'scope', who: 'dr-a', transport: 'websocket' };
    expect(watched).toMatchObject([who, { ...who, watchedMs: expect.any(Number) }]);
    expect(watched[1]?.['watchedMs']).toBeGreaterThan(1_000);
  });

  it('a viewer that stops reading loses pictures, holds nobody up, and goes on with a keyframe', async () => {
    const [slow, good] = [play(), play()];
    await until(() => slow.pieces.length > 5 && good.pieces.length > 5, { what: 'both play' });
    const waiting = () => service.metric('smartbox_live_socket_waiting_bytes');
    /** The one that reads has everything up to the newest picture: what still waits is for the other one. */
    const caughtUp = () => (good.capturedAt.at(-1) ?? 0) >= (camera.capturedAt.get(camera.frames - 2) ?? Infinity);
    slow.socket.pause();
    // More than the kernel keeps for a connection: what follows has nowhere to go but into our memory.
    camera.padding = 150_000;
    await until(async () => caughtUp() && (await waiting()) > 1_000_000, { what: 'it is behind' });
    // No more than needed: the broker cuts off who lags 64 MB behind, on a busy machine that would be us.
    camera.padding = 0;
    await until(caughtUp, { what: 'the other one has what was large' });
    const from = camera.frames;
    await until(() => camera.frames > from + 90, { what: 'three seconds' });
    const kept = await waiting();
    const times = Array.from({ length: 90 }, (_, i) => camera.capturedAt.get(from + i) ?? NaN);
    await until(() => (good.capturedAt.at(-1) ?? 0) >= (times.at(-1) ?? Infinity), {
      what: 'three seconds of pictures',
    });
    const seenByGood = new Set(good.capturedAt);
    expect(times.filter((at) => !seenByGood.has(at))).toEqual([]);
    const resumedAt = Date.now();
    slow.socket.resume();
    // What was on its way before comes first; it goes on with what is captured from now on.
    await until(() => slow.capturedAt.filter((at) => at > resumedAt).length > 5, { what: 'it goes on' });
    const seen = (await counters(slow.pieces)).filter((counter) => counter !== null);
    const hole = seen.findIndex((counter, i) => i > 0 && counter !== (seen[i - 1] ?? 0) + 1);
    console.log(
      `${seen.length} pictures of ${camera.frames}, a hole after ${hole}; ${(kept / 1e6).toFixed(1)} MB kept`,
    );
    expect(hole).toBeGreaterThan(0);
    expect(slow.kinds[hole + 1]).toBe(2);
    expect(kept).toBeLessThan(2.5e6);
    slow.socket.close();
    good.socket.close();
    await Promise.all([slow.closed, good.closed]);
  });

  it('lets go of a viewer that takes nothing for ten seconds', async () => {
    const stuck = play();
    await until(() => stuck.pieces.length > 5);
    const noticed = await service.metric('smartbox_live_slow_viewers_total');
    stuck.socket.pause();
    camera.padding = 150_000;
    await until(async () => (await service.metric('smartbox_live_slow_viewers_total')) > noticed);
    camera.padding = 0;
    await until(async () => (await service.metric('smartbox_live_socket_viewers')) === 0, { timeoutMs: 40_000 });
    stuck.socket.terminate();
  });

  it('says in the close frame why it does not play', async () => {
    expect(await play('or-1/scope', null).closed).toEqual({ code: 4401, reason: 'live-token-missing' });
    expect(await play('or-1/scope', 'x.y.z').closed).toEqual({ code: 4401, reason: 'live-token-invalid' });
    expect(await play('or-1/scope', token('or-2')).closed).toEqual({ code: 4403, reason: 'live-token-other-stream' });
    expect(await play('or-9/scope', token('or-9')).closed).toEqual({ code: 4404, reason: 'unknown-station' });
    await announce(service.edge, 'or-2', ['dark']);
    const dark = token('or-2', 'dark');
    expect(await play('or-2/dark', dark).closed).toEqual({ code: 4409, reason: 'source-not-live' });
    const all = [play(), play(), play()];
    await until(() => all.every(({ pieces }) => pieces.length > 2));
    expect(await play().closed).toEqual({ code: 4503, reason: 'overloaded' });
    for (const { socket } of all) socket.close();
  });

  it('keeps the place of a viewer whose network was away for a moment, and of nobody else', async () => {
    const plays = async (player: Player): Promise<boolean> => {
      const shown = until(() => player.pieces.length > 2).then(() => true);
      return Promise.race([shown, player.closed.then(() => false)]);
    };
    const again = (session: string) => play(`or-1/scope?instead=${session}`);
    await until(async () => (await service.metric('smartbox_live_socket_viewers')) === 0);
    const [away, gone] = [play(), play()];
    expect(await Promise.all([plays(away), plays(gone)])).toEqual([true, true]);
    const late = setInterval(() => void announce(service.edge, 'or-1', ['scope'], 500), 200);
    try {
      await until(
        async () => {
          const newcomer = play();
          const admitted = await plays(newcomer);
          newcomer.socket.close();
          return !admitted;
        },
        { what: 'newcomers are refused while the capture is late' },
      );
      // it hears and says nothing any more, which the service has not noticed
      away.socket.pause();
      const back = again(away.session);
      expect(await plays(back)).toBe(true);
      expect(await service.metric('smartbox_live_socket_viewers')).toBe(2);
      away.socket.resume();
      expect((await away.closed).code).toBe(1006);
      gone.socket.terminate();
      await until(async () => (await service.metric('smartbox_live_socket_viewers')) === 1);
      const returned = again(gone.session);
      expect(await plays(returned)).toBe(true);
      // once each
      for (const name of [away.session, gone.session, 'nobody'])
        expect(await again(name).closed).toEqual({ code: 4503, reason: 'overloaded' });
      for (const { socket } of [back, returned]) socket.close();
    } finally {
      clearInterval(late);
    }
  });
});
