import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveSessions } from '../src/application/live-sessions.ts';
import { WorkerPool } from '../src/outbound/worker-pool.ts';
import { openPage, startBrowser } from './browser.ts';
import { Camera } from './camera.ts';
import { startService, token, type Service } from './service.ts';

const TOGETHER = 10;

describe('two hundred joins and leaves', () => {
  let service: Service;
  let camera: Camera;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1' });
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 60 });
    browser = await startBrowser();
    page = await openPage(browser, `${service.url}/healthz`);
  });
  afterAll(async () => {
    await browser?.close();
    await camera?.stop();
    await service?.close();
  });

  /** Joins, waits for media, leaves; every other one without saying so. */
  const round = () =>
    page.evaluate(
      async ({ url, token, together }) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
        await Promise.all(
          Array.from({ length: together }, async (_, i) => {
            const peer = new RTCPeerConnection();
            peer.addTransceiver('video', { direction: 'recvonly' });
            const connected = new Promise<void>((resolve, reject) => {
              peer.onconnectionstatechange = () => {
                if (peer.connectionState === 'connected') resolve();
                if (peer.connectionState === 'failed') reject(new Error('not connected'));
              };
            });
            await peer.setLocalDescription(await peer.createOffer());
            const offer = () => fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
            // Chromium gives requests up while a network interface comes or goes (a container elsewhere on the machine).
            const response = await offer().catch(offer);
            await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
            await connected;
            const location = response.headers.get('location') ?? '';
            if (i % 2 === 0)
              await fetch(location, { method: 'DELETE', headers: { authorization: headers.authorization } });
            peer.close();
          }),
        );
      },
      { url: `${service.url}/whep/or-1/scope`, token: token(), together: TOGETHER },
    );

  it('leave no handle, thread, socket, session or memory behind', async () => {
    const pool = service.app.get(WorkerPool);
    const sessions = service.app.get(LiveSessions);
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) await round();
      await until(() => pool.viewers === 0 && sessions.count === 0, { timeoutMs: 40_000, what: 'all are gone' });
    };
    await rounds(6);
    const [pid] = pool.pids();
    const before = usage(pid ?? 0);
    await rounds(14);
    const after = usage(pid ?? 0);
    console.log(`after 60 joins ${JSON.stringify(before)}, after 200 ${JSON.stringify(after)}`);
    expect(pool.pids()).toEqual([pid]);
    expect(after.handles).toBeLessThanOrEqual(before.handles);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    expect(after.udpSockets).toBe(before.udpSockets);
    expect(after.residentMegabytes - before.residentMegabytes).toBeLessThan(25);
    // Nobody watches: nothing is subscribed.
    expect(await service.metric('smartbox_live_sources')).toBe(0);
  }, 90_000);
});

function usage(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
    udpSockets: udpSockets(pid),
    residentMegabytes: Math.round(field('VmRSS') / 1024),
  };
}

/** Of this process, by the inodes of its handles (proc(5), net/udp). */
function udpSockets(pid: number): number {
  const table = ['udp', 'udp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8')).join('\n');
  const inodes = new Set(table.split('\n').map((line) => line.trim().split(/\s+/)[9]));
  return readdirSync(`/proc/${pid}/fd`).filter((handle) => {
    try {
      return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${handle}`))?.[1]);
    } catch {
      return false;
    }
  }).length;
}
