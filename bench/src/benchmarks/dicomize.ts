import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildVideo,
  checkEncapsulation,
  createPart10,
  fileSource,
  fitTransferSyntax,
  part10Stream,
  readMp4Facts,
  SopClassUid,
  type ObjectContext,
} from '@smartbox/dicom';
import { deterministicUid, newId } from '@smartbox/kernel';
import type { Benchmark } from '../pairs.ts';
import { copyAndSync } from '../shell.ts';

/** Two minutes of 1080p30 at 16 Mbit/s. */
const PAYLOAD_BYTES = 240_000_000;
const CHUNK_BYTES = 4 << 20;
const VIDEO = join(import.meta.dirname, '../../../libs/dicom/test/fixtures/h264-720p-23976-bframes.mp4');

/** MP4 -> Part 10 file on the disk (facts read, attributes made, payload hashed, fsynced) against `cp` + `sync`. */
export const dicomize: Benchmark = {
  name: 'dicomize',
  unit: 'MB/s',
  peer: 'cp + sync of the MP4',
  target: { atLeast: 0.9 },
  async setUp(report) {
    const folder = await mkdtemp(join(tmpdir(), 'smartbox-dicomize-'));
    const input = join(folder, 'clip.mp4');
    await grow(input);
    report(`  ${(await stat(input)).size / 1e6} MB`);
    const rate = (ms: number) => PAYLOAD_BYTES / 1e3 / ms;
    const hashing = timeOfHash();
    let round = 0;
    return {
      ours: async () => {
        const out = join(folder, `object-${round++}.dcm`);
        const begun = performance.now();
        await makeObject(input, out);
        const ms = performance.now() - begun;
        await prove(out);
        await rm(out);
        return rate(ms);
      },
      peer: async () => rate(await copyAndSync(input, join(folder, 'copy.mp4'))),
      tearDown: () => rm(folder, { recursive: true, force: true }),
      notes: () => [
        `${PAYLOAD_BYTES / 1e6} MB: a real H.264 stream with a free box behind it, so that its length is like that of two minutes at 16 Mbit/s. Every object is checked after the clock has stopped.`,
        `What limits is the processor: the SHA-256 of the payload, which the read-back compares, takes ${hashing.toFixed(0)} ms of each object here; \`cp\` hands pages from cache to cache without looking at them.`,
      ],
    };
  },
};

/** A real MP4, made long by a `free` box (ISO/IEC 14496-12 8.1.2), which every reader skips. */
async function grow(path: string): Promise<void> {
  await copyFile(VIDEO, path);
  const { size } = await stat(path);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(PAYLOAD_BYTES - size, 0);
  head.write('free', 4, 'latin1');
  await appendFile(path, head);
  const noise = Buffer.alloc(1 << 20, newId());
  for (let left = PAYLOAD_BYTES - size - 8; left > 0; left -= noise.length) await appendFile(path, noise);
  await truncate(path, PAYLOAD_BYTES);
}

async function makeObject(input: string, out: string): Promise<void> {
  await using source = await fileSource(input);
  const facts = await readMp4Facts(source);
  const sopClassUid = SopClassUid.videoEndoscopic;
  const fit = fitTransferSyntax({ ...facts, closedGop: true }, { payloadLength: source.size, sopClassUid });
  if (!fit.fits) throw new Error(fit.reasons.map((each) => each.message).join('; '));
  const dataset = buildVideo(sopClassUid, fit.uid, context(), {
    sopInstanceUid: deterministicUid(newId()),
    number: 1,
    capturedAt: new Date(),
    rows: facts.height,
    columns: facts.width,
    payloadLength: source.size,
    frames: facts.frames,
    frameRate: facts.frameRate,
  });
  const part10 = createPart10(dataset, fit.uid, source.size);
  const hash = createHash('sha256');
  async function* payload(): AsyncGenerator<Buffer> {
    for await (const chunk of readAhead(input)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const handle = await open(out, 'w');
  try {
    // the disk works on one chunk while the next is hashed
    let writing: Promise<unknown> = Promise.resolve();
    for await (const chunk of part10Stream(part10, payload())) {
      await writing;
      writing = handle.write(chunk);
    }
    await writing;
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** The next chunk is read while one is worked on; three buffers in turn: read, hashed, written. */
async function* readAhead(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  const buffers = [0, 1, 2].map(() => Buffer.allocUnsafeSlow(CHUNK_BYTES));
  let turn = 0;
  const read = () => handle.read(buffers[turn++ % buffers.length] ?? Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES);
  try {
    let next = read();
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = read();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function prove(path: string): Promise<void> {
  await using object = await fileSource(path);
  const findings = await checkEncapsulation(object);
  if (findings.length > 0) throw new Error(findings.map((each) => each.message).join('; '));
}

function timeOfHash(): number {
  const bytes = Buffer.alloc(PAYLOAD_BYTES);
  const begun = performance.now();
  createHash('sha256').update(bytes).digest();
  return performance.now() - begun;
}

const context = (): ObjectContext => ({
  patientStudy: {
    utcOffsetMinutes: 0,
    patient: { name: 'Bench^Mark', id: 'B-1' },
    study: { instanceUid: deterministicUid(newId()), startedAt: new Date(), id: '1' },
  },
  series: { instanceUid: deterministicUid(newId()), number: 1 },
  equipment: { manufacturer: 'SmartBox', modelName: 'SmartBox', softwareVersions: '0.1.0' },
});
