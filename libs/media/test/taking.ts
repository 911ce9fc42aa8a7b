import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { childModule, Fragmenter, runChild, type MediaFragment } from '../src/index.ts';
import { frameCounters, runIngest, type IngestOptions, type StreamFormat } from '../src/native.ts';
import type { SendRequest } from './sender.ts';

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Taken {
  readonly formats: StreamFormat[];
  readonly counters: (number | null)[];
  readonly pts: number[];
}

/** Takes `frames` pictures while `send`, if given, runs as a sender in a process of its own. */
export async function take(
  dir: string,
  options: Pick<IngestOptions, 'kind' | 'url' | 'mode'> & Partial<IngestOptions>,
  send: SendRequest | undefined,
  frames: number,
): Promise<Taken> {
  const stop = new AbortController();
  const stopSender = new AbortController();
  const sender =
    send &&
    runChild(childModule(import.meta.url, './sender'), send, {
      signal: stopSender.signal,
      idleTimeoutMs: 30_000,
    }).catch((error: unknown) => error);
  const limit = setTimeout(() => stop.abort(), 40_000);
  const formats: StreamFormat[] = [];
  const pts: number[] = [];
  const fragments: MediaFragment[] = [];
  const fragmenter = new Fragmenter({ frameDuration: 3000 });
  try {
    await runIngest(
      { bitrate: 3_000_000, encode: 'auto', ...options, signal: stop.signal },
      {
        now: () => Number((process.hrtime.bigint() * 9n) / 100_000n),
        wantsIdr: () => false,
        onFormat: (format) => formats.push(format),
        onUnit: (unit) => {
          if (pts.length >= frames) return stop.abort();
          pts.push(unit.pts);
          const done = fragmenter.push(unit);
          if (done) fragments.push(done);
        },
      },
    );
  } finally {
    clearTimeout(limit);
    stopSender.abort();
    await sender;
  }
  const last = fragmenter.cut();
  if (last) fragments.push(last);
  const path = join(dir, `${options.kind}.mp4`);
  await writeFile(path, Buffer.concat([fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data)]));
  return { formats, counters: await frameCounters(path), pts };
}

/** Every picture once, in order, at even distances. */
export function expectWhole(taken: Taken, frames: number): void {
  expect(taken.counters.length).toBe(frames);
  expect(taken.counters).toEqual(taken.counters.map((_, i) => (taken.counters[0] ?? 0) + i));
  const durations = taken.pts.slice(1).map((at, i) => at - (taken.pts[i] ?? 0));
  expect(Math.min(...durations)).toBeGreaterThan(2000);
}
