import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { frameCounters, writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const NODE = ['--conditions=@smartbox/source', CLI, 'media'];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'media-cli-'));
  await writeSyntheticVideo(join(dir, 'a.mp4'), { width: 320, height: 180, frames: 40, gop: 10 });
  await writeFile(join(dir, 'text.mp4'), 'no video\n'.repeat(100));
});
afterAll(() => rm(dir, { recursive: true }));

interface Ran {
  code: number;
  json: Record<string, unknown>;
  stdout: string;
  stderr: string;
}

/** Runs the very command line; `json` is what stands on stdout, all of it. */
function media(...args: string[]): Promise<Ran> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [...NODE, ...args], { cwd: dir }, (_, stdout, stderr) => {
      const json = stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : {};
      done({ code: child.exitCode ?? -1, json, stdout, stderr });
    });
  });
}

const hashes = async (file: string): Promise<string[]> =>
  (await media('hash', file, '--json')).json['hashes'] as string[];

describe('smartbox media', { timeout: 60_000 }, () => {
  it('trims exactly: the numbers it prints are those of the film', async () => {
    const args = [
      'trim',
      'a.mp4',
      '--from',
      '3',
      '--to',
      '38',
      '--remove',
      '12-18',
      '--remove',
      '15-19',
      '--out',
      'cut.mp4',
    ];
    const { code, json, stderr } = await media(...args, '--json', '--manifest', 'manifest.json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ frames: 28, copiedFrames: 20, reencodedFrames: 8 });
    expect(stderr).toContain('20 frames copied, 8 re-encoded');
    const [before, after] = [await hashes('a.mp4'), await hashes('cut.mp4')];
    const kept = before.map((hash, frame) => ({ hash, frame })).filter(({ frame }) => frame >= 3 && frame < 38 && (frame < 12 || frame >= 19)); // prettier-ignore
    expect(after).toHaveLength(28);
    kept.forEach(({ hash, frame }, i) => {
      const copied = (frame >= 10 && frame < 12) || frame >= 20;
      if (copied) expect(after[i]).toBe(hash);
    });
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as { proof: { manifest: { hash: string; frame: number }[] } }; // prettier-ignore
    expect(manifest.proof.manifest.map(({ hash }) => hash)).toEqual(after);
    expect(manifest.proof.manifest.map(({ frame }) => frame)).toEqual(kept.map(({ frame }) => frame));
  });

  it('takes a still by its number, in the format that the file is named after', async () => {
    const { code, json } = await media('still', 'a.mp4', '--frame', '17', '--out', 'still.jpg', '--json');
    expect({ code, json }).toMatchObject({ code: 0, json: { frame: 17, format: 'jpeg', width: 320, height: 180 } });
    expect(await frameCounters(join(dir, 'still.jpg'))).toEqual([17]);
    expect((await media('still', 'a.mp4', '--frame', '17', '--out', 'still.png')).stdout).toMatch(
      /frame 17, 320x180, png/,
    );
    expect((await readFile(join(dir, 'still.png'))).toString('latin1', 1, 4)).toBe('PNG');
    const refused = await media('still', 'a.mp4', '--frame', '40', '--out', 'never.png', '--json');
    expect(refused).toMatchObject({ code: 1, json: { error: { code: 'no-frames' } } });
    expect(refused.stderr).toMatch(/has the frames 0 to 39, not 40/);
    expect((await media('still', 'a.mp4', '--frame', '1', '--out', 'never.bmp')).stderr).toMatch(/name --format/);
  });

  it('joins, probes and compares', async () => {
    expect((await media('join', 'a.mp4', 'a.mp4', '--out', 'twice.mp4', '--json')).json).toMatchObject({
      copiedFrames: 80,
    });
    expect((await media('probe', 'twice.mp4', '--json')).json).toMatchObject({ frames: 80, codec: 'h264' });
    const { json } = await media('quality', 'a.mp4', 'twice.mp4', '--json');
    expect(json).toMatchObject({ psnr: { average: 'inf' }, frames: { reference: 40, distorted: 80 }, passed: false });
  });

  it('enhances and exports', async () => {
    const { json } = await media(
      'enhance',
      'a.mp4',
      '--recipe',
      'surgery',
      '--gamma',
      '1.2',
      '--out',
      'b.mp4',
      '--json',
    );
    expect(json).toMatchObject({ frames: 40, filters: 'hqdn3d=4:3:6:4.5,eq=gamma=1.2:saturation=1.1' });
    const answer = await media('export', 'a.mp4', '--profile', 'archive,mobile', '--out', 'exports', '--json');
    expect(answer.json['files']).toMatchObject([{ lossless: true }, { lossless: false, quality: { passed: true } }]);
    expect((await readdir(join(dir, 'exports'))).sort()).toEqual(['a.archive.mkv', 'a.mobile.mp4']);
    const readers = await media('export', 'a.mp4', '--profile', 'pacs,hevc,mpeg2', '--out', 'readers', '--json');
    for (const { closeness } of readers.json['files'] as { closeness: { psnr: number; comparedFrames: number } }[]) {
      expect(closeness.comparedFrames).toBe(40);
      expect(closeness.psnr).toBeGreaterThan(35);
    }
    expect(readers.stderr.match(/PSNR [\d.]+ dB, SSIM [\d.]+ to what the encoder was given/g)).toHaveLength(3);
  });

  it('imports files and base64 text once, and reports what failed', async () => {
    const bytes = await readFile(join(dir, 'a.mp4'));
    await writeFile(
      join(dir, 'old.txt'),
      `data:video/mp4;base64,${bytes.toString('base64').replace(/.{76}/g, '$&\n')}`,
    );
    const first = await media('import', 'old.txt', 'text.mp4', '--out', 'imported', '--json');
    expect(first.code).toBe(1);
    expect(first.json).toMatchObject({ counts: { files: 2, imported: 1, failed: 1 } });
    const [file] = first.json['files'] as { output: string }[];
    expect(await hashes(file?.output ?? '')).toEqual(await hashes('a.mp4'));
    const second = await media('import', 'old.txt', '--out', 'imported', '--json');
    expect(second).toMatchObject({ code: 0, json: { counts: { alreadyThere: 1, imported: 0 } } });
  });

  it('imports the videos of a dump, once, and reports each row with what else stands in it', async () => {
    const dump = fileURLToPath(new URL('fixtures/dumps/pg_dump.sql', import.meta.url));
    const first = await media('import', dump, '--out', 'dumped', '--json');
    expect(first).toMatchObject({ code: 1, json: { counts: { files: 3, imported: 2, alreadyThere: 0, failed: 1 } } });
    const [one, two, broken] = first.json['files'] as { output: string; frames: number; copiedFrames: number; sha256: string; row: object; error?: object }[]; // prettier-ignore
    expect([one?.frames, one?.copiedFrames, two?.frames, two?.copiedFrames]).toEqual([6, 6, 2, 0]);
    expect(one?.row).toMatchObject({ id: '1', patient_name: 'Früh^Franz', patient_id: 'OLD-2' });
    expect(broken).toMatchObject({ row: { id: '4', patient_name: 'Kaputt^Kurt' }, error: { code: 'bad-base64' } });
    expect(await hashes(one?.output ?? '')).toHaveLength(6);
    const report = JSON.parse(await readFile(join(dir, 'dumped/import.json'), 'utf8')) as { sha256: string }[];
    expect(report.map(({ sha256 }) => sha256)).toEqual([one?.sha256, two?.sha256, '']);
    const again = await media('import', dump, '--out', 'dumped', '--json');
    expect(again.json).toMatchObject({ counts: { files: 3, imported: 0, alreadyThere: 2, failed: 1 } });
    expect((await readdir(join(dir, 'dumped'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('imports every container: copies what can be copied, and says how near the rest is', async () => {
    const foreign = async (name: string, ...args: string[]): Promise<string> => {
      await run('ffmpeg', ['-loglevel', 'error', '-i', join(dir, 'a.mp4'), ...args, join(dir, name)]);
      return name;
    };
    const copied = [
      await foreign('c.mkv', '-c', 'copy'),
      await foreign('c.ts', '-c', 'copy'),
      await foreign('c-b.mkv', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '10', '-sc_threshold', '0'),
    ];
    const encoded = [
      await foreign('c.webm', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M'),
      await foreign('c.avi', '-c:v', 'mpeg4', '-q:v', '2'),
      await foreign('c-mjpeg.avi', '-c:v', 'mjpeg', '-q:v', '2'),
      await foreign('c.mpg.ts', '-c:v', 'mpeg2video', '-q:v', '2'),
    ];
    const { code, json } = await media('import', ...copied, ...encoded, '--out', 'containers', '--json');
    expect(code).toBe(0);
    const files = json['files'] as { file: string; output: string; frames: number; copiedFrames: number; quality?: { psnr: { average: number }; passed: boolean } }[]; // prettier-ignore
    const counters = Array.from({ length: 40 }, (_, i) => i);
    for (const { file, output, copiedFrames, quality } of files) {
      expect([file, await frameCounters(join(dir, output))]).toEqual([file, counters]);
      if (copied.includes(file)) {
        expect([file, copiedFrames, quality]).toEqual([file, 40, undefined]);
        expect(await hashes(output)).toEqual(await hashes(file));
      } else expect([file, copiedFrames, quality?.passed]).toEqual([file, 0, true]);
    }
    expect(files.map(({ file }) => file)).toEqual([...copied, ...encoded]);
  });

  it('imports bare pictures and DICOM videos frame by frame; refuses what is not whole', async () => {
    await run('ffmpeg', ['-loglevel', 'error', '-i', join(dir, 'a.mp4'), '-pix_fmt', 'yuyv422', '-f', 'rawvideo', join(dir, 'b.yuy2')]); // prettier-ignore
    await writeFile(join(dir, 'cut.yuy2'), (await readFile(join(dir, 'b.yuy2'))).subarray(0, -1));
    await writeFile(join(dir, 'half.txt'), `${'A'.repeat(8000)}?${'A'.repeat(100)}`);
    await run(process.execPath, [...NODE.slice(0, 2), 'dicom', 'make', 'a.mp4', '--sop', 'video-endoscopic', '--out', 'object.dcm'], { cwd: dir }); // prettier-ignore
    const files = ['b.yuy2', 'cut.yuy2', 'object.dcm', 'half.txt'];
    const { json } = await media('import', ...files, '--raw', 'yuy2', '--size', '320x180', '--fps', '30', '--out', 'more', '--json'); // prettier-ignore
    const [raw, cut, object, half] = json['files'] as { output: string; frames: number; error: { code: string } }[];
    expect(cut?.error.code).toBe('raw-size');
    expect(half?.error.code).toBe('bad-base64');
    const counters = Array.from({ length: 40 }, (_, i) => i);
    expect(await frameCounters(join(dir, raw?.output ?? ''))).toEqual(counters);
    expect(await hashes(object?.output ?? '')).toEqual(await hashes('a.mp4'));
  });

  it.each([
    ['Motion JPEG', '.50', 0],
    ['MPEG-2', '.101', 0],
    ['HEVC', '.107', 40],
  ])('imports DICOM videos in %s: every frame, at the pace of the object', async (_, syntax, copied) => {
    const object = `object${syntax}.dcm`;
    const make = ['dicom', 'make', 'a.mp4', '--sop', 'video-endoscopic', '--transfer-syntax', syntax, '--out', object];
    await run(process.execPath, [...NODE.slice(0, 2), ...make], { cwd: dir });
    const { code, json } = await media('import', object, '--out', 'objects', '--json');
    expect(code).toBe(0);
    const [file] = json['files'] as { output: string; frames: number; copiedFrames: number; quality?: { passed: boolean } }[]; // prettier-ignore
    expect(file).toMatchObject({ frames: 40, copiedFrames: copied });
    expect(file?.quality?.passed).toBe(copied === 0 ? true : undefined);
    expect(await frameCounters(join(dir, file?.output ?? ''))).toEqual(Array.from({ length: 40 }, (__, i) => i));
    const probed = await media('probe', file?.output ?? '', '--json');
    expect(probed.json).toMatchObject({ frameRate: { num: 30, den: 1 } });
  });

  it('refuses a DICOM object without a video', async () => {
    await run('ffmpeg', ['-loglevel', 'error', '-i', join(dir, 'a.mp4'), '-frames:v', '1', join(dir, 'one.png')]);
    const make = ['dicom', 'make', 'one.png', '--sop', 'VL Endoscopic', '--transfer-syntax', 'HTJ2K', '--out', 'one.dcm']; // prettier-ignore
    await run(process.execPath, [...NODE.slice(0, 2), ...make], { cwd: dir });
    const { code, json } = await media('import', 'one.dcm', '--out', 'objects', '--json');
    expect([code, (json['files'] as { error: { code: string } }[])[0]?.error.code]).toEqual([1, 'no-video']);
  });

  it.each([
    [['trim', 'a.mp4', '--from', '9', '--to', '41', '--out', 'x.mp4'], 'bad-frame-range', /which has 40 frames/],
    [['trim', 'a.mp4', '--remove', '0-40', '--out', 'x.mp4'], 'nothing-left', /leave nothing/],
    [['trim', 'a.mp4', '--from', '9', '--out', 'a.mp4'], 'output-is-input', /never overwritten/],
    [['join', 'a.mp4', 'text.mp4', '--out', 'x.mp4'], 'media-error', /text.mp4/],
    [
      ['trim', 'a.mp4', '--to', '9', '--out', 'none/x.mp4'],
      'no-such-folder',
      /--out none\/x.mp4: there is no folder .*none; make it/,
    ],
    [['trim', 'a.mp4', '--to', '9', '--out', 'x.mp4', '--manifest', 'a.mp4'], 'output-is-input', /--manifest a.mp4/],
    [['still', 'a.mp4', '--frame', '1', '--out', 'none/x.png'], 'no-such-folder', /make it/],
    [['enhance', 'a.mp4', '--out', '.'], 'output-is-folder', /name the file in it/],
    [['export', 'a.mp4', '--profile', 'mobile', '--out', 'text.mp4'], 'output-is-file', /name a folder/],
    [['import', 'a.mp4', '--out', 'text.mp4'], 'output-is-file', /name a folder/],
    [['import', 'missing.mp4', '--out', 'never'], 'no-such-file', /missing.mp4/],
    [['quality', 'a.mp4', 'a.mp4', '--every', '0'], 'bad-arguments', /a whole number from 1/],
    [['enhance', 'a.mp4', '--recipe', 'heart', '--out', 'x.mp4'], 'recipe-unknown', /only endoscopy/],
    [['export', 'a.mp4', '--profile', 'vhs', '--out', 'x'], 'profile-unknown', /only archive/],
    [['hash', 'missing.mp4'], 'media-error', /No such file/],
    [['trim', 'a.mp4', '--from', 'x', '--out', 'x.mp4'], 'bad-arguments', /a whole number from 0/],
    [['trim', 'a.mp4', '--from', '1'], 'bad-arguments', /--out/],
    [['shrink', 'a.mp4'], 'bad-arguments', /shrink/],
    [['import', 'a.mp4', '--raw', 'yuy2', '--out', '.'], 'size-missing', /--size 1280x720/],
  ] as const)('%j fails with one JSON object and leaves nothing', async (args, code, message) => {
    const before = await readdir(dir);
    const ran = await media(...args, '--json');
    expect(ran.code).toBe(1);
    expect(ran.json).toMatchObject({ error: { code, message: expect.stringMatching(message) as string } });
    expect(await readdir(dir)).toEqual(before);
  });

  it('removes what it began when it is interrupted', async () => {
    await writeSyntheticVideo(join(dir, 'long.mp4'), { width: 640, height: 360, frames: 900, gop: 30 });
    const args = ['enhance', 'long.mp4', '--recipe', 'dermatology', '--out', 'never.mp4', '--json'];
    const child = spawn(process.execPath, [...NODE, ...args], { cwd: dir, stdio: 'ignore' });
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    const begun = async (): Promise<boolean> =>
      (await readdir(dir)).some((name) => name.startsWith('never.mp4.partial'));
    for (const until = Date.now() + 30_000; !(await begun()) && Date.now() < until;)
      await new Promise((done) => setTimeout(done, 20));
    expect(await begun()).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect((await readdir(dir)).filter((name) => name.startsWith('never'))).toEqual([]);
  });
});
