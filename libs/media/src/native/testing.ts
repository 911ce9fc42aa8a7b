import { writeFile } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import { TIMESCALE } from '../frame-rate.ts';
import { Fragmenter, type MediaFragment } from '../mp4/fragmenter.ts';
import { counterCrc } from '../pattern/counter.ts';
import { SyntheticPattern } from '../pattern/synthetic.ts';
import { Packet } from 'node-av/lib';
import { allocatePlanes, type Yuv420Planes } from '../pattern/synthetic.ts';
import { check } from './av.ts';
import { Canvas } from './canvas.ts';
import { H264Encoder, viewPlanes } from './encoder.ts';
import { Mp4Writer } from './mp4-writer.ts';
import type { FieldOrder } from './scan.ts';
import { openSoftwareEncoder } from './video-encoder.ts';
import { planVideo } from './video-target.ts';

export interface SyntheticVideo {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Frames per second; 29.97 is 30000 / 1001. Default 30. */
  readonly fps?: number;
  readonly bitrate?: number;
  /** Frames per GOP. Default: one second. */
  readonly gop?: number;
  readonly maxBytes?: number;
  readonly firstCounter?: number;
  readonly firstPts?: number;
  /** Share of noise, see SyntheticPattern. */
  readonly detail?: number;
}

/** Fragments of a synthetic video, for specs: encoded for real, counters from `firstCounter` (default 0). */
export function syntheticFragments(video: SyntheticVideo): MediaFragment[] {
  const fps = video.fps ?? 30;
  const frameDuration = Math.round(TIMESCALE / fps);
  const encoder = new H264Encoder({
    width: video.width,
    height: video.height,
    frameRate: Number.isInteger(fps) ? { num: fps, den: 1 } : { num: Math.round(fps * 1001), den: 1001 },
    bitrate: video.bitrate ?? 4_000_000,
  });
  const pattern = new SyntheticPattern({
    width: video.width,
    height: video.height,
    name: 'CAM-1',
    detail: video.detail ?? 0,
  });
  const fragmenter = new Fragmenter({ frameDuration, ...(video.maxBytes ? { maxBytes: video.maxBytes } : {}) });
  const fragments: MediaFragment[] = [];
  for (let i = 0; i < video.frames; i++) {
    pattern.paint(encoder.planes, (video.firstCounter ?? 0) + i, new Date(1_700_000_000_000 + (i * 1000) / fps));
    const unit = encoder.encode((video.firstPts ?? 0) + i * frameDuration, i % (video.gop ?? Math.round(fps)) === 0);
    const done = unit && fragmenter.push(unit);
    if (done) fragments.push(done);
  }
  const last = fragmenter.cut();
  if (last) fragments.push(last);
  encoder.close();
  return fragments;
}

/** Writes a synthetic video as a fragmented MP4 file. */
export async function writeSyntheticVideo(path: string, video: SyntheticVideo): Promise<void> {
  const fragments = syntheticFragments(video);
  await writeFile(
    path,
    Buffer.concat([fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((fragment) => fragment.data)]),
  );
}

export interface InterlacedVideo {
  /** H.264 as on Blu-ray, 1080i25 in an MP4; or MPEG-2 Main level, 576i25 in a transport stream. */
  readonly target: 'h264-bluray' | 'mpeg2-main';
  readonly fields: FieldOrder;
  readonly pictures: number;
}

/** Writes a video as an interlaced camera gives it, for specs: its fields have the numbers of `fieldCounters`, in order. */
export function writeInterlacedVideo(path: string, video: InterlacedVideo): void {
  const [width, height] = video.target === 'h264-bluray' ? [1920, 1080] : [768, 576];
  const plan = planVideo(video.target, { width, height, frameRate: { num: 25, den: 1 }, fields: video.fields });
  const encoder = openSoftwareEncoder(plan, { preset: 'ultrafast' });
  const writer = new Mp4Writer(path, encoder.parameters, plan.container);
  const canvas = new Canvas(plan);
  const pattern = new SyntheticPattern({ width: plan.width, height: plan.height, name: 'FIELDS' });
  const counters = fieldCounters(2 * video.pictures);
  const moment = allocatePlanes(plan.width, plan.height);
  const packet = new Packet();
  packet.alloc();
  const drain = (): void => {
    while (encoder.receive(packet)) {
      packet.duration = 1n;
      writer.write(packet, { num: 1, den: 25 });
    }
  };
  for (let i = 0; i < video.pictures; i++) {
    check(canvas.frame.makeWritable(), 'copy a picture');
    for (const second of [0, 1]) {
      pattern.paint(moment, counters[2 * i + second] ?? 0, new Date(1_700_000_000_000 + (2 * i + second) * 20));
      copyField(moment, viewPlanes(canvas.frame), plan.height, (second === 0) === (video.fields === 'tff') ? 0 : 1);
    }
    canvas.frame.pts = BigInt(i);
    encoder.send(canvas.frame);
    drain();
  }
  encoder.send(null);
  drain();
  writer.finish();
  canvas.close();
  packet.free();
  encoder.close();
}

/**
 * Numbers for fields, each with a code of which no cell changes twice in a row: what changes from field to field and back
 * is fine detail to a deinterlacer, not movement.
 */
export function fieldCounters(count: number): number[] {
  const all: number[] = [0, 1];
  for (let random = 1; all.length < count;) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const [one = 0, two = 0] = all.slice(-2);
    const free = ~(one ^ two);
    const next = (two ^ (random & free)) >>> 0;
    const changed = counterCrc(next) ^ counterCrc(two);
    if (next !== two && (changed & (counterCrc(one) ^ counterCrc(two))) === 0) all.push(next);
  }
  return all.slice(0, count);
}

/** Every second line of each plane, from the first or the second one on. */
function copyField(from: Yuv420Planes, to: Yuv420Planes, height: number, parity: 0 | 1): void {
  const planes = [
    [from.y, from.strideY, to.y, to.strideY, height],
    [from.u, from.strideC, to.u, to.strideC, height / 2],
    [from.v, from.strideC, to.v, to.strideC, height / 2],
  ] as const;
  for (const [source, sourceStride, target, targetStride, lines] of planes)
    for (let line = parity; line < lines; line += 2)
      target.set(source.subarray(line * sourceStride, line * sourceStride + sourceStride), line * targetStride);
}

/** Room for the tables of a film of many gigabytes: about 24 bytes per frame. */
const LARGE_MOOV = 8 << 20;

/**
 * Writes a film of at least so many bytes, for specs: 1080p30 H.264 of about 45 Mbit/s, a GOP a second, as an encoder made it;
 * after the first GOP its packets come again. Frame n shows the counter n modulo 30.
 * @returns its frames
 */
export function writeLargeH264(path: string, bytes: number): number {
  const plan = planVideo('h264', { width: 1920, height: 1080, frameRate: { num: 30, den: 1 } });
  const encoder = openSoftwareEncoder(plan, { preset: 'ultrafast', crf: 16 });
  const canvas = new Canvas(plan);
  const pattern = new SyntheticPattern({ width: 1920, height: 1080, name: 'LARGE', detail: 0.2 });
  const packet = new Packet();
  packet.alloc();
  const gop: Packet[] = [];
  const drain = (): void => {
    while (encoder.receive(packet)) {
      const own = packet.clone();
      if (own) gop.push(own);
      packet.unref();
    }
  };
  for (let i = 0; i < 30; i++) {
    check(canvas.frame.makeWritable(), 'copy a picture');
    pattern.paint(viewPlanes(canvas.frame), i, new Date(1_700_000_000_000 + i * 33));
    canvas.frame.pts = BigInt(i);
    encoder.send(canvas.frame);
    drain();
  }
  encoder.send(null);
  drain();
  const writer = new Mp4Writer(path, encoder.parameters, 'mp4', LARGE_MOOV);
  let frames = 0;
  for (let written = 0; written < bytes || frames % gop.length !== 0; frames++) {
    const next = gop[frames % gop.length]?.clone();
    if (!next) throw inputError('out-of-memory', 'a packet could not be copied');
    next.pts = BigInt(frames);
    next.dts = BigInt(frames);
    next.duration = 1n;
    written += next.size;
    writer.write(next, { num: 1, den: 30 });
    next.free();
  }
  writer.finish();
  for (const each of [...gop, packet]) each.free();
  canvas.close();
  encoder.close();
  return frames;
}
