import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSyntheticVideo } from '../src/native.ts';
import { expectWhole, freePort, take } from './taking.ts';

let dir: string;
let peer: ChildProcess | undefined;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'pull-'))));
afterEach(async () => {
  if (peer && peer.exitCode === null) {
    peer.kill('SIGKILL');
    await once(peer, 'exit');
  }
  peer = undefined;
  await rm(dir, { recursive: true });
});

/** Debian's nginx with its RTMP module: what is published to /live can be played from there. */
async function startRtmpServer(port: number): Promise<void> {
  const configuration = `
    daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
    load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
    events { worker_connections 64; }
    rtmp { server { listen 127.0.0.1:${port}; application live { live on; } } }`;
  await writeFile(join(dir, 'nginx.conf'), configuration);
  peer = spawn('/usr/sbin/nginx', ['-p', dir, '-e', join(dir, 'error.log'), '-c', join(dir, 'nginx.conf')]);
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });
  const deadline = performance.now() + 10_000;
  while (!(await answers())) {
    if (performance.now() > deadline || peer.exitCode !== null) throw new Error('nginx does not start');
    await delay(50);
  }
}

/** GStreamer's RTSP server, playing a file in real time. */
async function startRtspServer(port: number, file: string): Promise<void> {
  const server = spawn('/usr/bin/python3', [join(import.meta.dirname, 'rtsp-server.py'), String(port), file]);
  peer = server;
  const said: string[] = [];
  server.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  for await (const line of createInterface(server.stdout)) if (line === 'ready') return;
  throw new Error(`the RTSP server does not start: ${said.join('')}`);
}

describe('cameras that are called', () => {
  it('pulls from an RTMP server and passes conformant H.264 through', async () => {
    const port = await freePort();
    await startRtmpServer(port);
    const url = `rtmp://127.0.0.1:${port}/live/cam`;
    const taken = await take(
      dir,
      { kind: 'rtmp', url, mode: 'pull' },
      { url, format: 'flv', codec: 'h264', frames: 400 },
      60,
    );
    expect(taken.formats).toMatchObject([{ width: 480, height: 270, encoder: 'passthrough' }]);
    expectWhole(taken, 60);
  });

  it('pulls from an RTSP camera and passes conformant H.264 through', async () => {
    const file = join(dir, 'camera.mp4');
    await writeSyntheticVideo(file, { width: 480, height: 272, frames: 150, gop: 15 });
    const port = await freePort();
    await startRtspServer(port, file);
    const url = `rtsp://127.0.0.1:${port}/cam`;
    const taken = await take(dir, { kind: 'rtsp', url, mode: 'pull' }, undefined, 60);
    expect(taken.formats).toMatchObject([{ width: 480, height: 272, encoder: 'passthrough' }]);
    expectWhole(taken, 60);
  });
});
