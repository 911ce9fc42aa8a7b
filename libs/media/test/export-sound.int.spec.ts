import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportVideo, indexSource, smartCut } from '../src/native.ts';

const run = promisify(execFile);
const FPS = 25;
/** One white frame in the dark, and a tone that begins with it. */
const FLASH = 50;

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'export-sound-'))));
afterAll(() => rm(dir, { recursive: true }));

/** Four seconds; the sound from `late` seconds on only. */
async function film(name: string, sound: readonly string[], late = 0): Promise<string> {
  const path = join(dir, name);
  const picture = `color=black:s=320x180:r=${FPS}:d=4,drawbox=c=white:t=fill:enable='eq(n,${FLASH})'`;
  const tone = `aevalsrc='if(gte(t,${FLASH / FPS - late}),0.8*sin(2*PI*1000*t),0)':s=44100:d=${4 - late}`;
  const inputs = ['-f', 'lavfi', '-i', picture, '-itsoffset', String(late), '-f', 'lavfi', '-i', tone];
  await run('ffmpeg', ['-loglevel', 'error', ...inputs, '-c:v', 'libx264', '-g', '25', '-bf', '2', ...sound, path]);
  return path;
}

interface Stream {
  codec_name: string;
  codec_type: string;
  sample_rate?: string;
}
async function probed(path: string) {
  const { stdout } = await run('ffprobe', ['-loglevel', 'error', '-show_streams', '-show_format', '-of', 'json', path]);
  const { streams, format } = JSON.parse(stdout) as { streams: Stream[]; format: { duration: string } };
  return { streams, seconds: Number(format.duration) };
}

/** When the frame is white, and when the tone begins, by Debian's FFmpeg: seconds from the first picture. */
async function moments(path: string): Promise<{ flash: number; tone: number }> {
  const shown = await run('ffmpeg', ['-i', path, '-an', '-copyts', '-vf', 'signalstats,metadata=print:file=-', '-f', 'null', '-']); // prettier-ignore
  const frames = [...shown.stdout.matchAll(/pts_time:(\S+)[\s\S]*?YAVG=(\S+)/g)];
  const bright = frames.filter(([, , luma]) => Number(luma) > 120);
  expect(bright).toHaveLength(1);
  // sample 0 of the raw sound is second 0 of the file
  const raw = await run('ffmpeg', ['-loglevel', 'error', '-copyts', '-i', path, '-vn', '-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', '48000', '-f', 'f32le', '-'], { encoding: 'buffer', maxBuffer: 64 * 1024 ** 2 }); // prettier-ignore
  const samples = new Float32Array(raw.stdout.buffer, raw.stdout.byteOffset, Math.floor(raw.stdout.length / 4));
  const at = samples.findIndex((sample) => Math.abs(sample) > 0.3);
  expect(at).toBeGreaterThan(0);
  const first = Number(frames[0]?.[1]);
  return { flash: Number(bright[0]?.[1]) - first, tone: at / 48_000 - first };
}

const FRAME = 1 / FPS;
const kinds = ({ streams }: { streams: Stream[] }) => streams.map(({ codec_type, codec_name }) => `${codec_type} ${codec_name}`); // prettier-ignore

async function exported(input: string, name: string) {
  const directory = join(dir, name);
  const files = await exportVideo({ input, profiles: ['streaming', 'webm'], directory, quality: false });
  const path = (profile: string) => files.find((file) => file.profile === profile)?.path ?? '';
  return { hls: path('streaming'), webm: path('webm'), directory };
}

describe('exported sound', { timeout: 120_000 }, () => {
  it.each([
    ['AAC', 'aac.mp4', ['-c:a', 'aac']],
    ['AAC of a transport stream', 'aac.ts', ['-c:a', 'aac']],
    ['PCM', 'pcm.mkv', ['-c:a', 'pcm_s16le']],
    ['Opus', 'opus.mkv', ['-c:a', 'libopus', '-ac', '2']],
  ])('of %s is AAC in HLS and Opus in WebM, within a frame of its picture', async (_, name, sound) => {
    const { hls, webm, directory } = await exported(await film(name, sound), `out-${name}`);
    for (const [path, wanted] of [
      [hls, ['video h264', 'audio aac']],
      [webm, ['video vp9', 'audio opus']],
    ] as const) {
      const found = await probed(path);
      expect(kinds(found)).toEqual(wanted);
      expect(Math.abs(found.seconds - 4)).toBeLessThan(2 * FRAME);
      const { flash, tone } = await moments(path);
      expect(Math.abs(tone - flash), `${path}: tone ${tone}, flash ${flash}`).toBeLessThan(FRAME);
    }
    const base = name.split('.')[0] ?? '';
    const master = await readFile(join(directory, `${base}-hls/master.m3u8`), 'utf8');
    expect(master).toMatch(/CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/i);
  });

  it('is copied into HLS packet for packet where it is AAC', async () => {
    const input = await film('same.mp4', ['-c:a', 'aac']);
    const { hls } = await exported(input, 'out-same');
    const packets = async (path: string) =>
      (await run('ffprobe', ['-loglevel', 'error', '-select_streams', 'a', '-show_packets', '-show_data_hash', 'sha256', '-show_entries', 'packet=data_hash', '-of', 'csv=p=0', path])).stdout.trim().split(/\s+/); // prettier-ignore
    const [before, after] = [await packets(input), await packets(hls)];
    expect(after.length).toBeGreaterThan(150);
    const start = before.indexOf(after[0] ?? '');
    expect(start).toBeGreaterThanOrEqual(0);
    expect(after).toEqual(before.slice(start, start + after.length));
  });

  it('stays with its picture after a cut', async () => {
    const source = await indexSource(await film('long.mp4', ['-c:a', 'aac']));
    const output = join(dir, 'cut.mp4');
    await smartCut({ sources: [source], parts: [{ source: 0, from: 13, to: 40 }, { source: 0, from: 45, to: 90 }], output }); // prettier-ignore
    const { hls, webm } = await exported(output, 'out-cut');
    for (const path of [hls, webm]) {
      const { flash, tone } = await moments(path);
      expect(Math.abs(flash - (FLASH - 13 - 5) / FPS)).toBeLessThan(2 * FRAME);
      expect(Math.abs(tone - flash), `${path}: tone ${tone}, flash ${flash}`).toBeLessThan(FRAME);
      expect(Math.abs((await probed(path)).seconds - (27 + 45) / FPS)).toBeLessThan(2 * FRAME);
    }
  });

  it('that begins later than its picture begins later in the copies', async () => {
    const { hls, webm } = await exported(await film('late.mp4', ['-c:a', 'aac'], 0.9), 'out-late');
    for (const path of [hls, webm]) {
      const { flash, tone } = await moments(path);
      expect(Math.abs(tone - flash), `${path}: tone ${tone}, flash ${flash}`).toBeLessThan(FRAME);
    }
  });

  it('of a film without sound is none', async () => {
    const { hls, webm } = await exported(await film('mute.mp4', ['-an']), 'out-mute');
    expect(kinds(await probed(hls))).toEqual(['video h264']);
    expect(kinds(await probed(webm))).toEqual(['video vp9']);
  });
});
