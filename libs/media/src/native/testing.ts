import { writeFile } from 'node:fs/promises';
import { TIMESCALE } from '../frame-rate.ts';
import { Fragmenter, type MediaFragment } from '../mp4/fragmenter.ts';
import { SyntheticPattern } from '../pattern/synthetic.ts';
import { H264Encoder } from './encoder.ts';

export interface SyntheticVideo {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Frames per second. Default 30. */
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
  const frameDuration = TIMESCALE / fps;
  const encoder = new H264Encoder({
    width: video.width,
    height: video.height,
    frameRate: { num: fps, den: 1 },
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
    const unit = encoder.encode((video.firstPts ?? 0) + i * frameDuration, i % (video.gop ?? fps) === 0);
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
