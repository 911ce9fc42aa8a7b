import { readFileSync } from 'node:fs';
import { until } from '@smartbox/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerPool } from '../src/outbound/worker-pool.ts';
import { openPage, shown, startBrowser, watch } from './browser.ts';
import { Camera } from './camera.ts';
import { startService, token, type Service } from './service.ts';

/** CPU seconds of a process so far (proc(5), fields 14 and 15 in ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function pidsOf(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.map(({ id }) => id);
}

describe('viewers beside each other', () => {
  let service: Service;
  let scope: Camera;
  let room: Camera;
  let good: Browser;
  let bad: Browser;

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1' });
    scope = await Camera.start(service.edge, 'or-1', 'scope');
    room = await Camera.start(service.edge, 'or-2', 'room');
    [good, bad] = await Promise.all([startBrowser(), startBrowser()]);
  });
  afterAll(async () => {
    await good?.close();
    await bad?.close();
    await scope?.stop();
    await room?.stop();
    await service?.close();
  });

  it('a frozen viewer holds nobody up and is forgotten', async () => {
    const pool = service.app.get(WorkerPool);
    const page = await openPage(good, `${service.url}/healthz`);
    const frozenPage = await openPage(bad, `${service.url}/healthz`);
    const [scopeUrl, roomUrl] = ['or-1/scope', 'or-2/room'].map((path) => `${service.url}/whep/${path}`);
    expect((await watch(page, 'a', scopeUrl ?? '', token())).firstFrameMs).toBeGreaterThan(0);
    expect((await watch(page, 'r', roomUrl ?? '', token('or-2', 'room'))).firstFrameMs).toBeGreaterThan(0);
    expect((await watch(frozenPage, 'b', scopeUrl ?? '', token())).firstFrameMs).toBeGreaterThan(0);
    expect(pool.viewers).toBe(3);

    /** Of the pictures that were captured since, how many the page has shown: what this machine can do at the moment. */
    const shares = async (of: readonly (readonly [player: string, camera: Camera])[], since: readonly number[]) =>
      Promise.all(
        of.map(async ([player, camera], i) => {
          const from = since[i] ?? 0;
          const seen = (await shown(page, player)).filter(({ counter }) => (counter ?? 0) > from);
          return seen.length / (camera.frames - from);
        }),
      );
    const both = [
      ['a', scope],
      ['r', room],
    ] as const;
    const begun = both.map(([, { frames }]) => frames);
    await until(() => scope.frames > (begun[0] ?? 0) + 90, { what: 'three seconds with all three' });
    const control = await shares(both, begun);
    const pids = await pidsOf(bad);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const frozenAt = both.map(([, { frames }]) => frames);
    try {
      // Gone before ICE consent would notice (30 s, RFC 7675).
      await until(() => pool.viewers === 2, { timeoutMs: 25_000, what: 'the frozen viewer is forgotten' });
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    const frozen = await shares(both, frozenAt);
    const percent = (all: readonly number[]) => all.map((share) => `${(share * 100).toFixed(0)} %`).join(', ');
    console.log(`shown before: ${percent(control)}; while another was frozen: ${percent(frozen)}`);
    for (const [i, share] of frozen.entries()) expect(share).toBeGreaterThan((control[i] ?? 1) * 0.6);
  }, 60_000);

  it('a process that stood still goes on with what is now, and shows nothing of what it has missed', async () => {
    const page = await openPage(good, `${service.url}/healthz`);
    expect((await watch(page, 's', `${service.url}/whep/or-1/scope`, token())).firstFrameMs).toBeGreaterThan(0);
    const [pid = 0] = service.app.get(WorkerPool).pids();
    const stoppedAt = scope.frames;
    process.kill(pid, 'SIGSTOP');
    try {
      await until(() => scope.frames >= stoppedAt + 90, { what: 'three seconds without the worker' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const resumedAt = scope.frames;
    const counters = async () => (await shown(page, 's')).map(({ counter }) => counter ?? 0);
    await until(async () => (await counters()).some((counter) => counter > resumedAt), { what: 'pictures of now' });
    const missed = (await counters()).filter((counter) => counter > stoppedAt + 30 && counter < resumedAt - 5);
    expect(missed).toEqual([]);
    expect(await service.metric('smartbox_live_units_dropped_total')).toBeGreaterThan(30);
  }, 60_000);

  it('carries twelve viewers in one process', async () => {
    const pool = service.app.get(WorkerPool);
    const page = await openPage(good, `${service.url}/healthz`);
    const players = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const joined: number[] = [];
    for (const player of players) {
      joined.push((await watch(page, player, `${service.url}/whep/or-1/scope`, token())).firstFrameMs);
    }
    expect(joined.every((ms) => ms > 0)).toBe(true);
    const [pid] = pool.pids();
    const before = cpuSeconds(pid ?? 0);
    const [from, at] = [scope.frames, performance.now()];
    await until(() => scope.frames >= from + 90);
    const used = (cpuSeconds(pid ?? 0) - before) / ((performance.now() - at) / 1000);
    joined.sort((a, b) => a - b);
    console.log(
      `12 viewers: join to first frame p50 ${joined[6]?.toFixed(0)} ms, worst ${joined[11]?.toFixed(0)} ms; ` +
        `worker at ${(used * 100).toFixed(0)} % of a core with ${pool.viewers} viewers`,
    );
    for (const player of players) expect((await shown(page, player)).length).toBeGreaterThan(10);
  }, 120_000);
});
