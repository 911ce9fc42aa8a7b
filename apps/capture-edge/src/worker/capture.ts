import { setTimeout as delay } from 'node:timers/promises';
import { toError } from '@smartbox/kernel';
import { Fragmenter, SyntheticPattern, TIMESCALE, type AccessUnit, type MediaFragment } from '@smartbox/media';
import { H264Encoder, runIngest, type StreamFormat } from '@smartbox/media/native';
import { GopClock } from '../domain/gop-clock.ts';
import type { Beat, FragmentFormat, FromWorker, ToWorker, WorkerJob } from './protocol.ts';
import { WhipDoor } from './whip-door.ts';

/** A synthetic source that falls behind catches up; beyond this it skips, and the skip is a marked gap. */
const CATCH_UP_TICKS = 5 * TIMESCALE;
const BEAT_MS = 200;
/** No picture for so long: the fragment ends with the last one there was. */
const IDLE_TICKS = TIMESCALE / 2;
/** Between two wishes for the first keyframe of a sender. */
const ASK_MS = 500;

const job = JSON.parse(process.argv[2] ?? '{}') as WorkerJob;
const stop = new AbortController();

/** CLOCK_MONOTONIC in ticks of 90 kHz: one time line for all sources of the station. */
function now(): number {
  return Number((process.hrtime.bigint() * 9n) / 100_000n);
}

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) =>
    process.connected && process.send ? process.send(message, () => resolve()) : resolve(),
  );
}

/** Cuts access units into fragments and sends both. */
class Output {
  private format: StreamFormat | undefined;
  private fragmenter: Fragmenter | undefined;
  private frameTicks = TIMESCALE / 30;
  private clock = new GopClock(job.gopMs, this.frameTicks);
  private picture: number | null = null;
  private sameSince = now();
  private takenAt = now();
  skippedFrames = 0;
  /** Why the input has no signal, as it says itself. */
  noSignal: string | undefined;

  get passing(): boolean {
    return this.format?.encoder === 'passthrough';
  }

  private get identicalMs(): number {
    return this.picture === null ? 0 : Math.round((now() - this.sameSince) / 90);
  }

  get beat(): Beat {
    return { identicalMs: this.identicalMs, skippedFrames: this.skippedFrames, noSignal: this.noSignal };
  }

  open(format: StreamFormat): void {
    this.finish();
    this.format = format;
    this.frameTicks = (TIMESCALE * format.frameRate.den) / format.frameRate.num;
    this.clock = new GopClock(job.gopMs, this.frameTicks);
    this.fragmenter = new Fragmenter({ frameDuration: Math.round(this.frameTicks) });
    const { width, height, encoder, input } = format;
    void send({ type: 'opened', input, format: { width, height, encoder, frameRate: rateText(format) } });
  }

  begins(pts: number): boolean {
    // a hole is not hidden in a long frame: the fragment ends with the last picture there was
    if (this.clock.lostBefore(pts) > 0) this.finish();
    return this.clock.begins(pts);
  }

  /** `idr`: the encoder obeys, so the next picture closes the fragment; a passed-through stream is cut right here. */
  idr(): void {
    this.clock.ask();
    if (this.passing) this.finish();
  }

  take(unit: AccessUnit, picture: number | null): void {
    if (picture === null || picture !== this.picture) this.sameSince = now();
    this.picture = picture;
    this.takenAt = now();
    if (this.passing) this.begins(unit.pts);
    void send({ type: 'unit', pts: unit.pts, keyframe: unit.keyframe, annexB: unit.data });
    const done = this.fragmenter?.push(unit);
    if (done) this.send(done);
  }

  /** The last pictures before a standstill are not kept back until there are new ones. */
  finishIfIdle(): void {
    if (now() - this.takenAt > Math.max(IDLE_TICKS, 3 * this.frameTicks)) this.finish();
  }

  finish(): void {
    const last = this.fragmenter?.cut();
    if (last) this.send(last);
  }

  private send(fragment: MediaFragment): void {
    const { format } = this;
    if (!format) return;
    void send({
      type: 'fragment',
      init: fragment.init,
      data: fragment.data,
      baseTicks: fragment.baseMediaDecodeTime,
      duration: fragment.duration,
      frameTicks: this.frameTicks,
      frames: fragment.frames,
      keyframe: fragment.keyframe,
      sampleSizes: fragment.sampleSizes,
      sampleDurations: fragment.sampleDurations,
      format: describe(fragment.init, format),
    });
  }
}

function rateText({ frameRate }: StreamFormat): string {
  return `${frameRate.num}/${frameRate.den}`;
}

/** Codec and size as the init segment says them: a passed-through stream may change its parameter sets. */
function describe(init: Buffer, format: StreamFormat): FragmentFormat {
  const avcC = init.indexOf('avcC') + 5;
  const entry = init.indexOf('avc1', init.indexOf('stsd')) + 4;
  return {
    codec: `avc1.${init.toString('hex', avcC, avcC + 3)}`,
    width: init.readUInt16BE(entry + 24),
    height: init.readUInt16BE(entry + 26),
    frameRate: rateText(format),
    encoder: format.encoder,
  };
}

async function runSynthetic(output: Output): Promise<void> {
  const width = job.width ?? 1280;
  const height = job.height ?? 720;
  const frameRate = { num: job.frameRate, den: 1 };
  const frameTicks = TIMESCALE / job.frameRate;
  const threads = width * height * job.frameRate > 1920 * 1080 * 30 ? 2 : 1;
  const encoder = new H264Encoder({ width, height, frameRate, bitrate: job.bitrate, threads });
  const pattern = new SyntheticPattern({ width, height, name: job.name, detail: job.detail });
  output.open({ codec: 'h264', width, height, frameRate, encoder: encoder.description, input: 'synthetic pattern' });
  // the counter is the place on the monotonic clock: equal for all sources at the same moment
  let counter = Math.ceil(now() / frameTicks);
  while (!stop.signal.aborted) {
    const pts = counter * frameTicks;
    const wait = (pts - now()) / 90;
    if (wait > 0.5) await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined);
    else await new Promise(setImmediate);
    if (wait > 0.5) continue;
    if (now() - pts > CATCH_UP_TICKS) {
      const due = Math.floor(now() / frameTicks);
      output.skippedFrames += due - counter;
      counter = due;
      continue;
    }
    pattern.paint(encoder.planes, counter >>> 0, new Date(Date.now() - (now() - pts) / 90));
    const unit = encoder.encode(pts, output.begins(pts));
    if (unit) output.take(unit, null);
    counter++;
  }
  encoder.close();
}

async function runInput(output: Output, door: WhipDoor): Promise<void> {
  if (job.kind === 'synthetic') return runSynthetic(output);
  if (job.kind === 'whip') return runSenders(output, door);
  return ingest(output, job.url ?? '', stop.signal);
}

/** One sender after the other; between them the source has no signal. */
async function runSenders(output: Output, door: WhipDoor): Promise<void> {
  while (!stop.signal.aborted) {
    const sender = await door.next(stop.signal);
    if (!sender) return;
    const over = new AbortController();
    void sender.gone.then(() => over.abort());
    const signal = AbortSignal.any([stop.signal, over.signal]);
    // what came before FFmpeg listened is lost, and with it the first keyframe
    let ask = setInterval(() => sender.wantKeyframe(), ASK_MS);
    // a browser makes keyframes when it is asked only: what is passed through needs one for every fragment
    const opened = (): void => {
      clearInterval(ask);
      ask = setInterval(() => output.passing && sender.wantKeyframe(), job.gopMs);
    };
    try {
      await ingest(output, sender.descriptionFile, signal, opened);
    } catch (error) {
      process.stderr.write(`whip: ${toError(error).message}\n`);
    }
    clearInterval(ask);
    output.finish();
    sender.close('what it sends is not taken any more');
  }
}

async function ingest(output: Output, url: string, signal: AbortSignal, onOpen?: () => void): Promise<void> {
  const { kind, mode, bitrate, encode, width, height, frameRate } = job;
  if (kind === 'synthetic') return;
  const size = width && height ? { width, height } : {};
  await runIngest(
    { kind, mode, url, bitrate, encode, frameRate, ...size, signal },
    {
      now,
      wantsIdr: (pts) => output.begins(pts),
      onFormat: (format) => {
        onOpen?.();
        output.open(format);
      },
      onNoSignal: (reason) => (output.noSignal = reason),
      onUnit: (unit, picture) => output.take(unit, picture),
    },
  );
}

async function main(): Promise<void> {
  const output = new Output();
  const door = new WhipDoor(job, (message) => void send(message));
  process.on('disconnect', () => process.exit(1));
  // Ctrl-C reaches the whole group: the service decides when its cameras end, so that the last fragment gets out
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (message: ToWorker) => {
    if (message.type === 'idr') {
      output.idr();
      door.wantKeyframe();
    } else if (message.type === 'whip') void door.handle(message);
    else stop.abort();
  });
  const beat = (): void => {
    // what generates its pictures itself is late, but never idle
    if (job.kind !== 'synthetic') output.finishIfIdle();
    void send({ type: 'beat', ...output.beat });
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  try {
    await runInput(output, door);
    output.finish();
  } catch (thrown) {
    output.finish();
    await send({ type: 'failed', message: toError(thrown).message });
    process.exitCode = 1;
  }
  clearInterval(timer);
  // messages keep their order: when this one is out, so are the last fragments
  await send({ type: 'beat', ...output.beat });
  // a native thread that still waits for the network must not keep the process
  process.exit();
}

void main();
