import { buckets, encodeLiveAccessUnit, liveSubject, StationPresence } from '@smartbox/contracts';
import { bootId } from '@smartbox/kernel';
import { SyntheticPattern, TIMESCALE } from '@smartbox/media';
import { H264Encoder } from '@smartbox/media/native';
import type { Messaging } from '@smartbox/messaging';

/** A live camera of real H.264 in the capture edge's settings, with the machine-readable counter in every frame. */
export class Camera {
  readonly capturedAt = new Map<number, number>();
  keyframeRequests = 0;
  frames = 0;
  /** Frames that never leave: a network that loses some. */
  lose = (_frame: number) => false;
  /** Bytes without meaning in every picture: a stream that fills every buffer. */
  padding = 0;
  readonly #messaging: Messaging;
  readonly #stationId: string;
  readonly #sourceId: string;
  readonly #encoder: H264Encoder;
  readonly #pattern: SyntheticPattern;
  readonly #startedAt = performance.now();
  #idr = true;
  #timer: NodeJS.Timeout | undefined;
  #server: { close(): Promise<void> } | undefined;
  /** Of the same room: one answers for all. */
  readonly #room: Camera[];

  private constructor(messaging: Messaging, stationId: string, sourceId: string, room: Camera[]) {
    this.#room = room;
    room.push(this);
    this.#messaging = messaging;
    this.#stationId = stationId;
    this.#sourceId = sourceId;
    const size = { width: 640, height: 360 };
    this.#encoder = new H264Encoder({ ...size, frameRate: { num: 30, den: 1 }, bitrate: 1_500_000 });
    this.#pattern = new SyntheticPattern({ ...size, name: sourceId.toUpperCase() });
  }

  static async start(
    messaging: Messaging,
    stationId: string,
    sourceId: string,
    options: { gop: number; beside?: Camera } = { gop: 60 },
  ): Promise<Camera> {
    const room = options.beside ? options.beside.#room : [];
    const camera = new Camera(messaging, stationId, sourceId, room);
    const all = room.map((one) => one.#sourceId);
    await announce(messaging, stationId, all);
    if (!options.beside) {
      const handler = ({ sources = all }: { sources?: string[] | undefined }) => camera.#ask(sources);
      camera.#server = messaging.serve('capture-edge.idr', handler, { station: stationId });
    }
    await messaging.flush();
    camera.#timer = setInterval(() => camera.#tick(options.gop), 5);
    return camera;
  }

  #ask(sources: string[]): { sources: string[] } {
    for (const camera of this.#room) {
      if (!sources.includes(camera.#sourceId)) continue;
      camera.keyframeRequests += 1;
      camera.#idr = true;
    }
    return { sources };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server?.close();
    this.#encoder.close();
  }

  #tick(gop: number): void {
    const due = Math.floor(((performance.now() - this.#startedAt) * 30) / 1000);
    if (due < this.frames) return;
    const frame = this.frames++;
    const at = new Date();
    this.#pattern.paint(this.#encoder.planes, frame, at);
    const unit = this.#encoder.encode((frame * TIMESCALE) / 30, this.#idr || frame % gop === 0);
    this.#idr = false;
    if (!unit) return;
    this.capturedAt.set(frame, at.getTime());
    if (this.lose(frame)) return;
    const { keyframe } = unit;
    const annexB = this.padding > 0 ? Buffer.concat([unit.data, filler(this.padding)]) : unit.data;
    const capturedAtUs = BigInt(at.getTime()) * 1000n;
    this.#messaging.publishLive(
      liveSubject(this.#stationId, this.#sourceId),
      encodeLiveAccessUnit({ keyframe, sequence: frame, capturedAtUs, pts: BigInt(unit.pts), annexB }),
    );
  }
}

/** A NAL unit that decoders ignore: reserved type 30, nal_ref_idc 0. */
function filler(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 1, 30]), Buffer.alloc(bytes, 0xff)]);
}

/** What a station says of itself, as the capture edge would. */
/** @param lateMs of a station on the machine of the service: its pictures come so late. */
export async function announce(
  messaging: Messaging,
  stationId: string,
  sources: string[],
  lateMs?: number,
): Promise<void> {
  const stations = await messaging.kv(buckets.stations.name, StationPresence);
  const at = new Date().toISOString();
  await stations.put(stationId, {
    stationId,
    name: stationId,
    at,
    software: 'spec',
    windowMs: 600_000,
    procedureId: null,
    brokerOk: true,
    spooledFragments: 0,
    ...(lateMs === undefined ? {} : { machineId: bootId() }),
    sources: sources.map((sourceId) => ({
      sourceId,
      name: sourceId,
      kind: 'synthetic',
      state: 'live' as const,
      since: at,
      droppedFrames: 0,
      ...(lateMs === undefined ? {} : { lateMs }),
    })),
  });
}
