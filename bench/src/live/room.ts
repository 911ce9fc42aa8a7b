import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeLiveAccessUnit, liveSubject } from '@smartbox/contracts';
import { signLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { startSmartBox, type SmartBox } from '@smartbox/tools';

export interface Format {
  name: string;
  width: number;
  height: number;
  frameRate: number;
  /** bit/s */
  bitrate: number;
}

const STATION = 'or-1';
const SOURCE = 'endoscope';

/** Milliseconds on CLOCK_MONOTONIC, on which the synthetic camera counts its pictures. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A camera and the streaming service as processes of their own on a real broker; nothing else runs. */
export class LiveRoom {
  readonly format: Format;
  readonly #box: SmartBox;
  readonly #messaging: Messaging;
  readonly #folder: string;
  /** By the picture's counter: when its access unit was on the broker. */
  readonly encodedAt = new Map<number, number>();
  /** Of all access units so far. */
  bytes = 0;

  private constructor(format: Format, box: SmartBox, messaging: Messaging, folder: string) {
    this.format = format;
    this.#box = box;
    this.#messaging = messaging;
    this.#folder = folder;
  }

  static async start(format: Format, report: (line: string) => void, maxViewers = 200): Promise<LiveRoom> {
    report(`starting a camera with ${format.name}`);
    const folder = await mkdtemp('/var/tmp/smartbox-bench-');
    const { width, height, frameRate, bitrate } = format;
    const box = await startSmartBox({
      stateDir: join(folder, 'state'),
      services: ['capture-edge', 'streaming'],
      pacs: 'test-pacs',
      env: { streaming: { VIEWERS_PER_WORKER: String(maxViewers) } },
      stations: [
        {
          id: STATION,
          name: 'OR 1',
          aeTitle: 'OR1',
          windowSeconds: 60,
          sources: [
            { id: SOURCE, name: 'Endoscope', kind: 'synthetic', width, height, frameRate, bitrate, detail: 0.3 },
          ],
        },
      ],
    });
    const { nats } = box.servers;
    const { user, password: pass } = nats.credentials;
    const messaging = await Messaging.connect({ service: 'streaming', servers: nats.url, user, pass });
    const room = new LiveRoom(format, box, messaging, folder);
    messaging.subscribeLive(liveSubject(STATION, SOURCE), (message) => {
      const counter = Math.round((Number(decodeLiveAccessUnit(message).pts) * frameRate) / 90_000);
      room.encodedAt.set(counter, nowMs());
      room.bytes += message.byteLength;
      if (room.encodedAt.size > 2000) room.encodedAt.delete(room.encodedAt.keys().next().value ?? 0);
    });
    await until(() => room.encodedAt.size > frameRate, { timeoutMs: 60_000, what: 'a live camera' });
    return room;
  }

  get url(): string {
    return this.#box.service('streaming').url;
  }

  get whepUrl(): string {
    return `${this.url}/whep/${STATION}/${SOURCE}`;
  }

  token(): string {
    const exp = Math.floor(Date.now() / 1000) + 600;
    return signLiveToken({ stationId: STATION, sourceIds: [SOURCE], exp }, this.#box.credentials.liveTokenSecret);
  }

  /** When the picture was stamped, ms on the monotonic clock. */
  stampedAt(counter: number): number {
    return (counter * 1000) / this.format.frameRate;
  }

  viewers(): Promise<number> {
    return this.#metric('smartbox_live_viewers');
  }

  /** Viewers that got a picture so far. */
  async joins(): Promise<number> {
    return (await this.#metric('smartbox_live_joins_total')) || 0;
  }

  async #metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  }

  /** CPU seconds of the streaming service and its workers so far (proc(5), ticks of 10 ms). */
  streamingCpuSeconds(): number {
    const service = this.#box.service('streaming').pid;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const fields = statOf(pid);
        const parent = Number(fields[1]);
        return Number(pid) === service || parent === service ? [(Number(fields[11]) + Number(fields[12])) / 100] : [];
      })
      .reduce((sum, seconds) => sum + seconds, 0);
  }

  async stop(): Promise<void> {
    await this.#messaging.close();
    await this.#box.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** From the state on; empty where the process is gone. */
function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
