import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extractPayload, fileSource, number, readPart10, TransferSyntaxUid } from '@smartbox/dicom';
import { frameCounters } from '@smartbox/media/native';
import { startStorescp, startTestPacs, type Storescp, type TestPacs } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fetchFromPacs,
  reached,
  ringHolds,
  save,
  smallStation,
  startLine,
  startProcedure,
  type Line,
} from './support.ts';

/** Less than a clip of four seconds, more than a GOP. */
const MOST_BYTES = 500_000;

const run = promisify(execFile);
let line: Line;
let mpeg2: Storescp;
let jpeg: TestPacs;
let small: TestPacs;
let none: TestPacs;
let fragments: TestPacs;
let disc: TestPacs;
let standard: TestPacs;
let sequences: TestPacs;
let folder: string;

const recipe = (name: string, destinations: string[]) => ({
  name,
  version: 1,
  title: { de: name, en: name },
  saveSeconds: 120,
  dicom: {
    videoSopClass: 'video-endoscopic' as const,
    stillSopClass: 'vl-endoscopic' as const,
    modality: 'ES' as const,
  },
  renditions: ['pacs' as const, 'poster' as const],
  destinations,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartbox-fallback-'));
  const only = (aeTitle: string, ...transferSyntaxes: string[]) => startTestPacs({ aeTitle, transferSyntaxes });
  [fragments, disc, standard, sequences] = await Promise.all([
    only('FRAGMENTS', TransferSyntaxUid.h264High41Fragmentable),
    only('DISC', TransferSyntaxUid.h264BluRay41),
    only('STANDARD', TransferSyntaxUid.mpeg2MainLevel),
    only('SEQUENCES', TransferSyntaxUid.htj2k),
  ]);
  [mpeg2, jpeg, small, none] = await Promise.all([
    startStorescp({ accepts: '+xh' }), // MPEG-2 Main Profile at High Level, and uncompressed
    startTestPacs({ aeTitle: 'JPEG', transferSyntaxes: [TransferSyntaxUid.jpegBaseline] }),
    startTestPacs({ aeTitle: 'SMALL' }),
    startTestPacs({ aeTitle: 'NONE', transferSyntaxes: [TransferSyntaxUid.htj2kLosslessRpcl] }),
  ]);
  const at = (name: string, { aeTitle, port }: { aeTitle: string; port: number }, more: object = {}) => ({
    name,
    title: name,
    aeTitle,
    host: '127.0.0.1',
    port,
    ...more,
  });
  const [camera] = smallStation.sources;
  line = await startLine({
    // fine moving noise, so that the encoder uses its bit rate
    stations: [{ ...smallStation, sources: camera ? [{ ...camera, detail: 0.5 }] : [] }],
    recipes: [
      recipe('several', ['pacs', 'old', 'pictures', 'small']),
      recipe('stubborn', ['none']),
      recipe('single', ['fragments', 'disc', 'standard', 'sequences']),
    ],
    destinations: [
      at('old', mpeg2),
      at('pictures', jpeg),
      at('small', small, { maxObjectBytes: MOST_BYTES }),
      at('none', none),
      at('fragments', fragments),
      at('disc', disc),
      at('standard', standard),
      at('sequences', sequences, { transferSyntaxes: [TransferSyntaxUid.htj2k], htj2kRatio: 10 }),
    ],
  });
  await startProcedure(line, 'or-1', 6);
});
afterAll(async () => {
  await line?.stop();
  const servers = [mpeg2, jpeg, small, none, fragments, disc, standard, sequences];
  await Promise.all(servers.map((server) => server?.stop()));
  await rm(folder, { recursive: true, force: true });
});

/** What an archive's file says and shows. */
async function opened(path: string) {
  await using source = await fileSource(path);
  const parsed = await readPart10(source);
  const payload = join(folder, `${parsed.sopInstanceUid}.payload`);
  await pipeline(extractPayload(source, parsed), createWriteStream(payload));
  return { ...parsed, payload };
}

/** What dciodvfy has against a file. */
async function errorsOf(file: string): Promise<string[]> {
  const { stdout, stderr } = await run('dciodvfy', [file]).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  );
  return `${stdout}${stderr}`.split('\n').filter((each) => each.startsWith('Error'));
}

describe('a destination that does not take the object as it is', () => {
  it('gets one that it takes, frame for frame; the others get the original', async () => {
    const clip = await reached(line, await save(line, 'or-1', 4), 'sent', 150_000);
    const originals = clip.instances.filter((instance) => instance.rendition === 'pacs');
    expect(originals).toHaveLength(1);
    for (const { sopInstanceUid, sourceId, sha256: _whole, payloadSha256, deliveries } of originals) {
      const source = clip.sources.find((each) => each.sourceId === sourceId);
      expect((await fetchFromPacs(line, sopInstanceUid)).payloadSha256).toBe(payloadSha256);
      const states = Object.fromEntries(deliveries.map((each) => [each.destination, each.state]));
      expect(states).toEqual({ pacs: 'stored', old: 'replaced', pictures: 'replaced', small: 'replaced' });

      const made = clip.instances.filter((each) => each.sourceId === sourceId && each.rendition === 'fallback');
      const sentTo = (name: string) => made.filter((each) => each.deliveries.some((d) => d.destination === name));
      const [old] = sentTo('old');
      const [pictures] = sentTo('pictures');
      const pieces = sentTo('small');
      expect(old).toMatchObject({
        transferSyntaxUid: TransferSyntaxUid.mpeg2HighLevel,
        numberOfFrames: source?.frames,
      });
      expect(pictures).toMatchObject({ transferSyntaxUid: TransferSyntaxUid.jpegBaseline });
      expect(pictures?.compression?.psnr).toBeGreaterThan(30);

      const files = await Promise.all((await mpeg2.files()).map(opened));
      const inOld = files.find((each) => each.sopInstanceUid === old?.sopInstanceUid);
      expect(inOld?.transferSyntaxUid).toBe(TransferSyntaxUid.mpeg2HighLevel);
      expect(inOld?.dataset).toMatchObject({
        ImageType: ['DERIVED', 'PRIMARY'],
        SourceImageSequence: [{ ReferencedSOPInstanceUID: [sopInstanceUid] }],
        LossyImageCompressionMethod: ['ISO_14496_10', 'ISO_13818_2'],
      });
      expect(await frameCounters(inOld?.payload ?? '')).toHaveLength(source?.frames ?? -1);
      for (const file of [...(await mpeg2.files()), ...pieces.map((each) => small.file(each.sopInstanceUid))]) {
        expect(await errorsOf(file)).toEqual([]);
      }

      const inPictures = await opened(jpeg.file(pictures?.sopInstanceUid ?? ''));
      expect(number(inPictures.dataset, 'NumberOfFrames')).toBe(source?.frames);

      // cut at keyframes: each piece plays alone, together they are every frame once
      expect(pieces.length).toBeGreaterThan(1);
      const inSmall = await Promise.all(pieces.map((each) => opened(small.file(each.sopInstanceUid))));
      const inOrder = inSmall.toSorted(
        (a, b) => (number(a.dataset, 'InstanceNumber') ?? 0) - (number(b.dataset, 'InstanceNumber') ?? 0),
      );
      const counters = (await Promise.all(inOrder.map((each) => frameCounters(each.payload)))).flat();
      expect(counters).toHaveLength(source?.frames ?? -1);
      expect(counters.every((counter, i) => counter === (counters[0] ?? NaN) + i)).toBe(true);
      expect(pieces.every((each) => each.bytes <= MOST_BYTES)).toBe(true);
    }
  });

  it('is shown as failed with what it accepts where nothing can be made for it', async () => {
    const { items } = await line.api.worklist('or-1');
    await line.api.startProcedure({ stationId: 'or-1', worklistItemId: items[1]?.itemId ?? '', recipe: 'stubborn' });
    await ringHolds(line, 'or-1', 3);
    const clipId = await save(line, 'or-1', 2);
    const clip = await reached(line, clipId, 'failed', 60_000);
    expect(clip.failure?.code).toBe('transfer-syntax-refused');
    expect(clip.failure?.reason).toMatch(/none does not take it in .*; it accepts nothing that can be made of it/);
  });

  it('gets the very transfer syntax that it negotiates: fragmentable, Blu-ray, MPEG-2 of standard lines, HTJ2K', async () => {
    const { items } = await line.api.worklist('or-1');
    await line.api.startProcedure({ stationId: 'or-1', worklistItemId: items[2]?.itemId ?? '', recipe: 'single' });
    await ringHolds(line, 'or-1', 3);
    const clip = await reached(line, await save(line, 'or-1', 2), 'sent', 280_000);
    const original = clip.instances.find((instance) => instance.rendition === 'pacs');
    const frames = clip.sources[0]?.frames ?? -1;
    const at = async (name: string, peer: TestPacs) => {
      const made = clip.instances.find((each) =>
        each.deliveries.some((d) => d.destination === name && d.state === 'stored'),
      );
      const file = peer.file(made?.sopInstanceUid ?? '');
      return { made, file, ...(await opened(file)) };
    };
    // the same bytes, one fragment or more: nothing was coded
    const whole = await at('fragments', fragments);
    expect(whole.transferSyntaxUid).toBe(TransferSyntaxUid.h264High41Fragmentable);
    expect(whole.made?.payloadSha256).toBe(original?.payloadSha256);
    expect(whole.made?.compression).toBeUndefined();
    expect(await frameCounters(whole.payload)).toHaveLength(frames);

    const bluRay = await at('disc', disc);
    expect(bluRay.transferSyntaxUid).toBe(TransferSyntaxUid.h264BluRay41);
    expect(bluRay.dataset).toMatchObject({ Rows: [720], Columns: [1280] });
    const mpeg = await at('standard', standard);
    expect(mpeg.transferSyntaxUid).toBe(TransferSyntaxUid.mpeg2MainLevel);
    expect(mpeg.dataset).toMatchObject({ Rows: [480], Columns: [720], PixelAspectRatio: [27, 32] });
    for (const { file, made, payload, dataset } of [bluRay, mpeg]) {
      expect(await errorsOf(file)).toEqual([]);
      expect(await frameCounters(payload)).toHaveLength(number(dataset, 'NumberOfFrames') ?? -1);
      expect(made?.compression?.psnr).toBeGreaterThan(25);
      expect(made?.compression?.ssim).toBeGreaterThan(0.8);
    }
    const htj2k = await at('sequences', sequences);
    expect(htj2k.transferSyntaxUid).toBe(TransferSyntaxUid.htj2k);
    expect(number(htj2k.dataset, 'NumberOfFrames')).toBe(frames);
    expect(htj2k.made?.compression).toMatchObject({ comparedFrames: frames, identical: false });
    expect(htj2k.made?.compression?.ratio).toBeGreaterThanOrEqual(10);
  });
});
