import { mkdtemp, readdir, readFile, rm, truncate, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUVJ420P } from 'node-av/constants';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeForeignVideo, type ForeignVideo } from '../../../test/foreign-video.ts';
import { pictureHash } from '../cut/picture-hash.ts';
import { smartCut } from '../cut/smart-cut.ts';
import { indexSource } from '../cut/index-source.ts';
import { decodeSource } from '../cut/source-index.ts';
import { decodeFrames, frameCounters, frameHash } from '../decode.ts';
import { enhance } from '../enhance/enhance.ts';
import { enhanceFilters, enhanceSettings, RECIPES } from '../enhance/recipes.ts';
import { probe } from '../probe.ts';
import { measureQuality } from '../quality/quality.ts';
import { writeSyntheticVideo } from '../testing.ts';
import { exportVideo } from './export-video.ts';

let dir: string;
let source: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'export-'));
  source = join(dir, 'film.mp4');
  await writeSyntheticVideo(source, { width: 854, height: 480, frames: 75, gop: 25, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

function foreign(name: string, video: ForeignVideo): string {
  const path = join(dir, name);
  writeForeignVideo(path, video);
  return path;
}

async function hashes(path: string): Promise<string[]> {
  const all: string[] = [];
  await decodeSource(path, (frame) => void all.push(pictureHash(frame)));
  return all;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('exports', () => {
  it('come out of one request: every frame of the source, each true to its purpose', { timeout: 120_000 }, async () => {
    const directory = join(dir, 'all');
    const profiles = ['archive', 'archive-x264', 'original', 'streaming', 'mobile', 'webm', 'av1'] as const;
    const files = await exportVideo({ input: source, profiles, directory });
    const found = (profile: string): string => files.find((file) => file.profile === profile)?.path ?? '';
    expect(files.map(({ frames }) => frames)).toEqual(files.map(() => 75));
    const before = await hashes(source);
    for (const profile of ['archive', 'archive-x264', 'original']) expect(await hashes(found(profile))).toEqual(before);
    for (const profile of ['streaming', 'mobile', 'webm', 'av1'])
      expect(await frameCounters(found(profile))).toEqual(range(75));
    expect(await probe(found('archive'))).toMatchObject({ codec: 'ffv1', width: 854 });
    expect(await probe(found('webm'))).toMatchObject({ codec: 'vp9', frames: 75 });
    expect(await probe(found('av1'))).toMatchObject({ codec: 'av1', frames: 75 });
    for (const file of files) {
      if (file.lossless) expect(file.quality).toBeNull();
      else expect(file.quality).toMatchObject({ passed: true });
      expect(file.bytes).toBeGreaterThan(1000);
    }
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('give a ladder whose variants begin their GOPs at the same frames', { timeout: 60_000 }, async () => {
    const large = foreign('large.mp4', {
      frames: 60,
      width: 1280,
      height: 720,
      fps: 12,
      options: { preset: 'ultrafast' },
    });
    const directory = join(dir, 'ladder');
    const files = await exportVideo({ input: large, profiles: ['streaming'], directory, quality: false });
    expect(files.map(({ height }) => height)).toEqual([720, 480]);
    const master = await readFile(join(directory, 'large-hls/master.m3u8'), 'utf8');
    expect(master.match(/RESOLUTION=\d+x\d+,CODECS="avc1\.[0-9a-f]{6}"/gi)).toHaveLength(2);
    const keyframes = [];
    for (const { path } of files) {
      const at: number[] = [];
      await decodeFrames(path, ({ index, keyframe }) => void (keyframe && at.push(index)));
      keyframes.push(at);
      const playlist = await readFile(path, 'utf8');
      expect(playlist.match(/#EXTINF:([\d.]+)/g)).toEqual(['#EXTINF:4.000000', '#EXTINF:1.000000']);
      expect(playlist).toContain('#EXT-X-MAP:URI="init.mp4"');
    }
    expect(keyframes).toEqual([
      [0, 24, 48],
      [0, 24, 48],
    ]);
  });

  it('keep 10-bit 4:2:2 and full range without loss; the others become 8-bit 4:2:0', { timeout: 60_000 }, async () => {
    const deep = foreign('deep.mp4', {
      frames: 6,
      pixelFormat: { name: 'yuv422p10le', value: AV_PIX_FMT_YUV422P10LE },
    });
    const full = foreign('full.avi', {
      frames: 6,
      container: 'avi',
      encoder: 'mjpeg',
      pixelFormat: { name: 'yuvj420p', value: AV_PIX_FMT_YUVJ420P },
    });
    for (const input of [deep, full]) {
      const files = await exportVideo({ input, profiles: ['archive', 'mobile'], directory: join(dir, 'deep') });
      const [archive, mobile] = files;
      expect(await hashes(archive?.path ?? '')).toEqual(await hashes(input));
      expect(await probe(mobile?.path ?? '')).toMatchObject({ frames: 6, chroma: '4:2:0', bitDepth: 8 });
    }
  });

  it('serve old and DICOM readers too, with every frame', { timeout: 60_000 }, async () => {
    const input = foreign('readers.mp4', { frames: 10, width: 640, height: 360 });
    const profiles = ['mjpeg', 'pacs', 'hevc', 'mpeg2'] as const;
    const files = await exportVideo({ input, profiles, directory: join(dir, 'readers') });
    const codecs = [];
    for (const { path } of files) codecs.push((await probe(path)).codec);
    expect(codecs).toEqual(['mjpeg', 'h264', 'hevc', 'mpeg2video']);
    expect(files.map(({ frames }) => frames)).toEqual([10, 10, 10, 10]);
    expect(files[0]?.quality).toMatchObject({ passed: true });
    for (const { profile, closeness } of files.slice(1)) {
      expect([profile, closeness?.comparedFrames]).toEqual([profile, 10]);
      expect(closeness?.psnr).toBeGreaterThan(35);
      expect(closeness?.ssim).toBeGreaterThan(0.95);
    }
    const [silent] = await exportVideo({ input, profiles: ['pacs'], directory: join(dir, 'silent'), quality: false });
    expect(silent?.closeness).toBeUndefined();
  });

  it('show a turned film upright and an interlaced one in frames, none lost', { timeout: 60_000 }, async () => {
    const turned = foreign('turned.mp4', { frames: 6, rotated: true });
    const [mobile] = await exportVideo({ input: turned, profiles: ['mobile'], directory: join(dir, 'turned') });
    expect(mobile).toMatchObject({ width: 180, height: 320, frames: 6, quality: null });
    const options = { 'x264-params': 'tff=1' };
    const fields = foreign('fields.mp4', { frames: 6, interlaced: true, options });
    const [frames] = await exportVideo({ input: fields, profiles: ['mobile'], directory: join(dir, 'fields') });
    expect(await probe(frames?.path ?? '')).toMatchObject({ frames: 6, interlaced: false });
  });

  it('keep the times of a variable rate', async () => {
    const time = (i: number): number => i * 1000 + (i % 3) * 300;
    const input = foreign('vfr.mp4', { frames: 12, time });
    const [mobile] = await exportVideo({ input, profiles: ['mobile'], directory: join(dir, 'vfr'), quality: false });
    const index = await indexSource(mobile?.path ?? '');
    const ms = Array.from(index.times).slice(0, 12).map((at) => ((at - (index.times[0] ?? 0)) * 1000 * index.timeBase.num) / index.timeBase.den); // prettier-ignore
    expect(ms.map(Math.round)).toEqual(range(12).map((i) => time(i) / 25));
  });
});

describe('enhancement', () => {
  it('makes a frame-exact rendition with every recipe and says with which filters', { timeout: 60_000 }, async () => {
    const small = foreign('small.mp4', { frames: 5 });
    for (const recipe of Object.keys(RECIPES)) {
      const output = join(dir, `enhanced-${recipe}.mp4`);
      const settings = enhanceSettings(recipe);
      const result = await enhance({ input: small, output, settings });
      expect(result).toMatchObject({ frames: 5, filters: enhanceFilters(settings), settings, notes: [] });
      expect(await frameCounters(output)).toEqual(range(5));
      expect((await measureQuality(small, output)).identicalFrames).toBe(0);
    }
    expect(enhanceFilters(enhanceSettings('surgery'))).toBe('hqdn3d=4:3:6:4.5,eq=gamma=0.9:saturation=1.1');
  });

  it('follows the settings: brighter is brighter, neutral changes nothing', async () => {
    const neutral = { brightness: 0, contrast: 1, gamma: 1, saturation: 1, sharpness: 0, denoise: 0 };
    expect(enhanceFilters(enhanceSettings('endoscopy', neutral))).toBe('');
    const mean = async (brightness: number): Promise<number> => {
      const output = join(dir, `bright-${brightness}.mp4`);
      const input = join(dir, 'small.mp4');
      await enhance({ input, output, settings: enhanceSettings('default', { ...neutral, brightness }) });
      let sum = 0;
      await decodeFrames(output, ({ frame }) => {
        for (const luma of frame.data?.[0]?.subarray(0, frame.linesize[0]) ?? []) sum += luma;
      });
      return sum;
    };
    const means = [await mean(-0.2), await mean(0), await mean(0.2)];
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(() => enhanceSettings('heart')).toThrow(/no recipe "heart", only endoscopy, surgery/);
    expect(() => enhanceSettings('default', { gamma: 9 })).toThrow(/gamma has to be 0.1 to 5, not 9/);
  });
});

describe('bad input', () => {
  it('is refused clearly by every job, and nothing is left behind', { timeout: 60_000 }, async () => {
    const cut = join(dir, 'whole.mp4');
    await smartCut({ sources: [await indexSource(source)], parts: [{ source: 0, from: 0, to: 75 }], output: cut });
    await truncate(cut, Math.floor((await stat(cut)).size * 0.6));
    const late = foreign('late.mp4', { frames: 10 });
    await truncate(late, Math.floor((await stat(late)).size * 0.6));
    const text = join(dir, 'text.mp4');
    await writeFile(text, 'no video at all\n'.repeat(200));
    const empty = join(dir, 'empty.mp4');
    await writeFile(empty, '');
    const wav = join(dir, 'sound.wav');
    const header = Buffer.from('RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x20\0\0', 'latin1'); // prettier-ignore
    await writeFile(wav, Buffer.concat([header, Buffer.alloc(8192)]));
    const refused: [string, RegExp][] = [
      [cut, /damaged or cut off (at frame|between frames) \d+/],
      [late, /Invalid data/],
      [text, /Invalid data|cannot open/],
      [empty, /Invalid data|End of file/],
      [wav, /has no video stream \(only audio\)/],
      [join(dir, 'missing.mp4'), /No such file/],
    ];
    const files = (await readdir(dir)).length;
    for (const [input, message] of refused) {
      await expect(indexSource(input)).rejects.toThrow(message);
      const output = join(dir, 'never.mp4');
      await expect(enhance({ input, output, settings: enhanceSettings('default') })).rejects.toThrow(message);
      await expect(exportVideo({ input, profiles: ['archive', 'streaming'], directory: join(dir, 'never') })).rejects.toThrow(message); // prettier-ignore
      await expect(measureQuality(source, input)).rejects.toThrow(message);
    }
    expect((await readdir(dir)).length).toBe(files);
  });

  it('of one frame is no bad input', async () => {
    const one = foreign('one.mp4', { frames: 1 });
    expect((await indexSource(one)).frames).toBe(1);
    const output = join(dir, 'one-cut.mp4');
    const result = await smartCut({
      sources: [await indexSource(one)],
      parts: [{ source: 0, from: 0, to: 1 }],
      output,
    });
    expect(result).toMatchObject({ frames: 1, copiedFrames: 1, durationMs: 40 });
    const files = await exportVideo({ input: one, profiles: ['archive', 'streaming'], directory: join(dir, 'one') });
    expect(files.map(({ frames }) => frames)).toEqual([1, 1]);
  });

  it('ends at once when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    const directory = join(dir, 'cancelled');
    await expect(exportVideo({ input: source, profiles: ['mobile'], directory, signal })).rejects.toMatchObject({ code: 'cancelled' }); // prettier-ignore
    await expect(readdir(directory)).rejects.toThrow(/ENOENT/);
  });
});

describe('the hash of a picture', () => {
  it('is the one that the rest of the system uses for 8-bit 4:2:0', async () => {
    const pairs: [string, string][] = [];
    await decodeFrames(join(dir, 'one.mp4'), ({ frame }) => void pairs.push([pictureHash(frame), frameHash(frame)]));
    expect(pairs[0]?.[0]).toBe(pairs[0]?.[1]);
  });
});
