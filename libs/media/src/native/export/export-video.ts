import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { Closeness } from '../../coding.ts';
import { shown } from '../av.ts';
import { pictureHash } from '../cut/picture-hash.ts';
import { decodeSource } from '../cut/source-index.ts';
import type { QualityReport } from '../quality/comparison.ts';
import { measureQuality } from '../quality/quality.ts';
import type { BranchResult } from './branch.ts';
import { writeMasterPlaylist } from './hls.ts';
import { branchesOf, TRANSCODED, type ExportProfile } from './profiles.ts';
import { transcode } from '../transcode.ts';
import type { VideoTarget } from '../video-target.ts';
import { render } from './render.ts';

export interface ExportOptions {
  readonly input: string;
  readonly profiles: readonly ExportProfile[];
  /** Folder for the results; made when missing. Files appear in it when all are complete. */
  readonly directory: string;
  /** Measures PSNR, SSIM and XPSNR of the lossy ones against the source. Default true. */
  readonly quality?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

export interface ExportedFile {
  readonly profile: ExportProfile;
  readonly path: string;
  /** With everything that belongs to it (segments). */
  readonly bytes: number;
  readonly sha256: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly encoder: string | null;
  /** True when every decoded frame was compared with the source and is the same. */
  readonly lossless: boolean;
  /** Without the curve; null where nothing is lost or nothing can be compared. */
  readonly quality: Omit<QualityReport, 'curve'> | null;
  /** Of profiles at a constant rate: to what the encoder was given, without what another rate, size or colour did. */
  readonly closeness?: Closeness;
  readonly notes: readonly string[];
}

/** Longer videos are compared at about so many frames. */
const COMPARED = 300;

/**
 * Makes all exports of a video with one pass of decoding, checks them, and only then lets them appear.
 * @throws SmartBoxError as `render`, and `not-lossless` when an archive copy does not decode to the same frames.
 */
export async function exportVideo(options: ExportOptions): Promise<ExportedFile[]> {
  const { input, directory, profiles } = options;
  if (profiles.length === 0) throw inputError('profile-unknown', 'no profile was asked for');
  const made = await mkdir(directory, { recursive: true });
  const work = join(directory, `.partial-${process.pid}`);
  const name = basename(input, extname(input));
  try {
    await mkdir(work);
    const files = await produce(options, work, name);
    for (const entry of await readdir(work)) {
      await rm(join(directory, entry), { recursive: true, force: true });
      await rename(join(work, entry), join(directory, entry));
    }
    return files;
  } finally {
    await rm(work, { recursive: true, force: true });
    if (made) await rmdir(directory).catch(() => undefined); // stays when there is something in it
  }

  async function produce({ signal, onProgress }: ExportOptions, folder: string, base: string): Promise<ExportedFile[]> {
    const owners: ExportProfile[] = [];
    const result = await render({
      input,
      branches: (source) =>
        profiles.flatMap((profile) => {
          const branches = branchesOf(profile, source, join(folder, base));
          for (const { output } of branches) {
            owners.push(profile);
            mkdirSync(dirname(output), { recursive: true });
          }
          return branches;
        }),
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    });
    const files: ExportedFile[] = [];
    for (const [i, output] of result.outputs.entries())
      files.push(await examine(owners[i] ?? 'original', output, result.source.upright !== ''));
    if (profiles.includes('streaming'))
      await writeMasterPlaylist(
        join(folder, `${base}-hls`),
        result.outputs.filter((_, i) => owners[i] === 'streaming'),
        result.source.frameRate,
      );
    for (const profile of profiles) {
      const target = TRANSCODED[profile];
      if (target) files.push(await transcoded(profile, target, join(folder, base)));
    }
    if (profiles.includes('original')) {
      const path = join(folder, basename(input));
      await copyFile(input, path);
      const { frames, source } = result;
      files.push({ ...(await described('original', path)), frames, width: source.width, height: source.height, lossless: true }); // prettier-ignore
      const last = files.at(-1);
      if (last?.sha256 !== (await sha256(input)))
        throw inputError('source-changed', `${shown(input)} was changed while it was copied`);
    }
    return files;
  }

  async function transcoded(profile: ExportProfile, target: VideoTarget, path: string): Promise<ExportedFile> {
    const output = `${path}.${profile}.${target.startsWith('mpeg2') ? 'ts' : 'mp4'}`;
    const { signal } = options;
    const compare = options.quality === false ? {} : { compare: COMPARED };
    const result = await transcode({ input, output, target, ...compare, ...(signal ? { signal } : {}) });
    let frames = 0;
    await decodeSource(output, () => void frames++, signal);
    if (frames !== result.frames)
      throw new SmartBoxError({
        code: 'proof-failed',
        message: `${frames} of the ${result.frames} frames of the ${profile} copy can be decoded; it was thrown away`,
        fault: 'ours',
      });
    const { width, height, encoder, frameRate, closeness } = result;
    const notes = [`constant rate of ${frameRate.num}/${frameRate.den} frames per second`];
    const file = { ...(await described(profile, output)), frames, width, height, encoder, notes };
    return closeness ? { ...file, closeness } : file;
  }

  async function described(profile: ExportProfile, path: string): Promise<ExportedFile> {
    return {
      profile,
      path: join(directory, relative(work, path)),
      bytes: await sizeOf(path),
      sha256: await sha256(path),
      frames: 0,
      width: 0,
      height: 0,
      encoder: null,
      lossless: false,
      quality: null,
      notes: [],
    };
  }

  async function examine(profile: ExportProfile, output: BranchResult, turned: boolean): Promise<ExportedFile> {
    const { frames, width, height, encoder } = output;
    const file = { ...(await described(profile, output.output)), frames, width, height, encoder };
    if (output.hashes.length > 0) {
      await sameFrames(output, options.signal);
      return { ...file, lossless: true };
    }
    if (options.quality === false) return file;
    if (turned) return { ...file, notes: ['not compared: the picture was turned or deinterlaced'] };
    const { curve: _, ...quality } = await measureQuality(input, output.output, {
      every: Math.max(1, Math.ceil(frames / COMPARED)),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return { ...file, quality };
  }
}

async function sameFrames({ output, hashes }: BranchResult, signal?: AbortSignal): Promise<void> {
  let frames = 0;
  let different = -1;
  await decodeSource(
    output,
    (frame, _, at) => {
      if (pictureHash(frame) !== hashes[at]) different = at;
      frames++;
      return different < 0;
    },
    signal,
  );
  if (different >= 0 || frames !== hashes.length)
    throw new SmartBoxError({
      code: 'not-lossless',
      message: `the archive copy differs from the source at frame ${different >= 0 ? different : frames}; it was thrown away`,
      fault: 'ours',
    });
}

/** An HLS playlist counts with its whole folder. */
async function sizeOf(path: string): Promise<number> {
  if (!path.endsWith('.m3u8')) return (await stat(path)).size;
  const folder = dirname(path);
  let bytes = 0;
  for (const entry of await readdir(folder)) bytes += (await stat(join(folder, entry))).size;
  return bytes;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
