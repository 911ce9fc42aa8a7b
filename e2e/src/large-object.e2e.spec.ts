import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClipSource } from '@smartbox/contracts';
import {
  extractPayload,
  fileSource,
  MAX_FRAGMENT_LENGTH,
  number,
  readPart10,
  text,
  TransferSyntaxUid,
} from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { readFrameCounter } from '@smartbox/media';
import { decodeFrames, probe, writeLargeH264 } from '@smartbox/media/native';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { repoRoot, startTestPacs, type TestPacs } from '@smartbox/testing';
import { openPacs, readBack } from '@smartbox/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsOf, peakMemory, reached, smallStation, startLine, type Line } from './support.ts';

const LIMIT_MB = 300;
/** Beyond 2^32, where one fragment and 32-bit counters end. `LARGE_GB=6` for the figure in docs/benchmarks.md. */
const BYTES = Number(process.env['LARGE_GB'] ?? 4.4) * 1e9;
/** The clip, the DICOM object, what the PACS has, and what is read back from there. */
const needed = 4 * BYTES + 2e9;
const disk = await statfs(tmpdir());
const enough = disk.bavail * disk.bsize > needed;

/** `LARGE_H264=1` sends a real H.264 film of that length, too: whole, and in pieces. It takes about seven times its bytes on disk. */
const h264 = process.env['LARGE_H264'] === '1';

let line: Line;
let oneFragment: TestPacs;
beforeAll(async () => {
  if (!enough) return;
  const { h264High41 } = TransferSyntaxUid;
  oneFragment = await startTestPacs({ aeTitle: 'ONE', transferSyntaxes: [h264High41] });
  const one = { name: 'one', title: 'One fragment', aeTitle: 'ONE', host: '127.0.0.1', port: oneFragment.port };
  line = await startLine({
    stations: [smallStation],
    services: ['transcoder', 'dicomizer', 'pacs-gateway', 'catalog'],
    pacs: 'test-pacs',
    destinations: [one],
  });
});
afterAll(async () => {
  await line?.stop();
  await oneFragment?.stop();
});

/** A real HEVC film, then a `free` box (ISO/IEC 14496-12 section 8.1.2) that makes the file as long as wanted. */
async function* largeFilm(film: Buffer, bytes: number): AsyncGenerator<Uint8Array> {
  yield film;
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0);
  header.write('free', 4);
  header.writeBigUInt64BE(BigInt(bytes - film.length), 8);
  yield header;
  const filler = Buffer.alloc(1024 * 1024, 0x5a);
  for (let left = bytes - film.length - header.length; left > 0; left -= filler.length) {
    yield filler.subarray(0, left);
  }
}

/** Announces a film in the object store as a clip that was saved. */
async function announce(film: Pick<ClipSource, 'key' | 'bytes' | 'sha256' | 'frames' | 'codec'>, to?: string[]) {
  const { procedureId, recipe } = await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
  const clipId = film.key.split('/')[1] ?? '';
  const now = new Date().toISOString();
  const durationMs = (1000 * film.frames) / 30;
  const source = {
    ...film,
    ...{ sourceId: 'endoscope', manifestKey: `clips/${clipId}/endoscope/manifest.json`, durationMs, startedAt: now },
    ...{ startMonotonicNs: '0', endMonotonicNs: '1000000000', width: 1920, height: 1080 },
    ...{ frameRate: { num: 30, den: 1 }, encoder: 'software', gaps: [], pacs: true, formats: 1 },
  };
  const times = { requestedAt: now, savedAt: now, requestedMs: durationMs, savedMs: durationMs, truncated: false };
  const wanted = { ...recipe, ...(to ? { destinations: to } : {}) };
  const clip = { clipId, kind: 'clip' as const, stationId: 'or-1', procedureId, recipe: wanted, sources: [source] };
  const buffer = await Messaging.connect({ ...natsOf(line), service: 'buffer' });
  await buffer.publishEvent('buffer.clip.saved', { ...clip, ...times, missing: [] }, { id: `clip-saved-${clipId}` });
  await buffer.close();
  return { clipId, procedureId };
}

function expectSmall(what: string): void {
  const peaks = peakMemory(line, ['transcoder', 'dicomizer', 'pacs-gateway', 'catalog']);
  console.log(`${what}, peak memory in MB: ${JSON.stringify(peaks)}`);
  for (const peak of Object.values(peaks)) expect(peak).toBeLessThan(LIMIT_MB);
}

const keyOf = (clipId: string) => `clips/${clipId}/endoscope/source.mp4`;
function objects(): ObjectStore {
  const { s3 } = line.box.servers;
  return new ObjectStore(parseS3Url(`${s3.url}/${s3.bucket}`, s3.credentials));
}

describe('an object beyond 4 GiB', () => {
  // A machine with less disk shows the test as skipped.
  it.runIf(enough)(
    `goes from SAVED into the PACS whole; every service stays below ${LIMIT_MB} MB`,
    async () => {
      const film = readFileSync(join(repoRoot(), 'libs/dicom/test/fixtures/hevc-main-1080p30.mp4'));
      const key = keyOf(newId());
      const stored = await objects().put(key, largeFilm(film, BYTES), { size: BYTES, contentType: 'video/mp4' });
      const { clipId } = await announce({ key, bytes: stored.bytes, sha256: stored.sha256, frames: 30, codec: 'hvc1' });
      const sent = await reached(line, clipId, 'sent', 600_000);
      const [instance] = sent.instances;
      expect(instance?.transferSyntaxUid).toBe('1.2.840.10008.1.2.4.107');
      const fetched = await readBack(await openPacs(line.box.info()), instance?.sopInstanceUid ?? '');
      expect(fetched.bytes).toBeGreaterThan(BYTES);
      expect(fetched.payloadSha256).toBe(stored.sha256);

      expectSmall(`${BYTES / 1e9} GB`);
    },
    900_000,
  );

  it.runIf(enough && h264)(
    'of real H.264 goes whole where its fragments are taken, and in pieces that each play alone where they are not',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'smartbox-large-'));
      try {
        const path = join(folder, 'film.mp4');
        const frames = writeLargeH264(path, Math.max(BYTES, MAX_FRAGMENT_LENGTH + 1));
        const { size } = await stat(path);
        const key = keyOf(newId());
        const stored = await objects().put(key, createReadStream(path, { highWaterMark: 1 << 20 }), {
          size,
          contentType: 'video/mp4',
        });
        await rm(path);
        const begun = performance.now();
        const { bytes, sha256 } = stored;
        const { clipId } = await announce({ key, bytes, sha256, frames, codec: 'avc1' }, ['pacs', 'one']);
        const sent = await reached(line, clipId, 'sent', 1_800_000);
        console.log(
          `${size / 1e9} GB of H.264 in ${Math.round((performance.now() - begun) / 1000)} s at both archives`,
        );

        const [whole, ...others] = sent.instances.filter((each) => each.rendition === 'pacs');
        expect([whole?.transferSyntaxUid, others.length]).toEqual([TransferSyntaxUid.h264High41Fragmentable, 0]);
        const fetched = await readBack(await openPacs(line.box.info()), whole?.sopInstanceUid ?? '');
        expect(fetched.payloadSha256).toBe(sha256);

        const pieces = sent.instances.filter((each) => each.rendition === 'fallback');
        expect(pieces.length).toBeGreaterThan(1);
        expect(new Set(pieces.map((each) => each.seriesInstanceUid)).size).toBe(1);
        const opened = await Promise.all(pieces.map((each) => pieceOf(oneFragment.file(each.sopInstanceUid), folder)));
        opened.sort((a, b) => a.number - b.number);
        let first = 0;
        for (const [i, piece] of opened.entries()) {
          expect(piece.bytes).toBeLessThanOrEqual(MAX_FRAGMENT_LENGTH);
          expect(piece.comments).toBe(
            `Part ${i + 1} of ${opened.length}, frames ${first + 1} to ${first + piece.frames} of ${frames}`,
          );
          expect(piece.atMs - (opened[0]?.atMs ?? 0)).toBeCloseTo((1000 * first) / 30, 0);
          // its first two seconds are what they are in the whole, played from the piece alone
          expect(piece.counters).toEqual(piece.counters.map((_, n) => (first + n) % 30));
          first += piece.frames;
        }
        expect(first).toBe(frames);
        expectSmall(`${size / 1e9} GB of H.264`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    2_400_000,
  );
});

/** What one piece says, and what its first two seconds show. */
async function pieceOf(file: string, folder: string) {
  await using source = await fileSource(file);
  const parsed = await readPart10(source);
  const { dataset } = parsed;
  const path = join(folder, `${parsed.sopInstanceUid}.mp4`);
  await pipeline(extractPayload(source, parsed), createWriteStream(path));
  const counters: (number | null)[] = [];
  await decodeFrames(path, ({ frame, width, height }) => {
    const [y] = frame.data ?? [];
    counters.push(y ? readFrameCounter(y, frame.linesize[0] ?? width, width, height) : null);
    return counters.length < 60;
  });
  const { frames } = await probe(path);
  expect(number(dataset, 'NumberOfFrames')).toBe(frames);
  const { size: bytes } = await stat(path);
  await rm(path);
  const at = text(dataset, 'AcquisitionDateTime') ?? '';
  const [, h = '', m = '', s = ''] = /^\d{8}(\d{2})(\d{2})([\d.]+)/.exec(at) ?? [];
  return {
    number: number(dataset, 'InstanceNumber') ?? 0,
    comments: text(dataset, 'ImageComments'),
    atMs: ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000,
    bytes,
    frames,
    counters,
  };
}
