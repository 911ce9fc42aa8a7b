import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { buildVideo } from './build-object.ts';
import { bufferSource } from './byte-source.ts';
import { checkEncapsulation } from './check-encapsulation.ts';
import { createPart10, part10Stream } from './part10-writer.ts';
import { SopClassUid } from './sop-classes.ts';
import { sampleContext, sampleVideo } from '../test/sample-objects.ts';
import { TransferSyntaxUid as T } from './transfer-syntaxes.ts';

const payload = readFileSync(join(import.meta.dirname, '../test/fixtures/h264-720p-23976-bframes.mp4'));
const facts = { frames: 48, frameRate: { num: 24_000, den: 1001 }, payloadLength: payload.length };
let file: Buffer;
let payloadOffset: number;

async function write(syntax: string, frames = facts.frames, options = {}): Promise<Buffer> {
  const dataset = buildVideo(SopClassUid.videoEndoscopic, syntax, sampleContext(), {
    ...sampleVideo(),
    ...facts,
    frames,
  });
  const part10 = createPart10(dataset, syntax, payload.length, options);
  payloadOffset = part10.header.length;
  const chunks: Uint8Array[] = [];
  for await (const chunk of part10Stream(part10, [payload])) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const codes = async (bytes: Buffer) => (await checkEncapsulation(bufferSource(bytes))).map((each) => each.code);

describe('the structural check', () => {
  beforeEach(async () => {
    file = await write(T.h264High41);
  });

  it('finds nothing in an object of ours', async () => {
    expect(await codes(file)).toEqual([]);
    expect(await codes(await write(T.h264High41Fragmentable, 48, { fragmentLength: 1000 }))).toEqual([]);
  });

  it('finds several fragments where one is allowed', async () => {
    const cut = await write(T.h264High41Fragmentable, 48, { fragmentLength: 1000 });
    const uid = cut.indexOf(T.h264High41Fragmentable);
    cut.write('1.2.840.10008.1.2.4.102\0\0', uid, 'latin1');
    expect(await codes(cut)).toContain('one-fragment');
  });

  it('finds a filled offset table', async () => {
    const table = Buffer.from('feff00e00400000000000000', 'hex');
    const tableAt = payloadOffset - 16;
    const filled = Buffer.concat([file.subarray(0, tableAt), table, file.subarray(tableAt + 8)]);
    expect(await codes(filled)).toEqual(['offset-table-not-empty']);
  });

  it('finds what is cut off, at every length', async () => {
    for (let length = file.length - 1; length > 0; length -= 97) {
      expect(await codes(file.subarray(0, length)), `${length} bytes`).not.toEqual([]);
    }
  });

  it('finds a missing delimiter and trailing bytes', async () => {
    expect(await codes(file.subarray(0, file.length - 8))).toContain('no-sequence-delimiter');
    expect(await codes(Buffer.concat([file, Buffer.alloc(2)]))).toEqual(['trailing-bytes']);
  });

  it('finds an odd fragment', async () => {
    const odd = Buffer.concat([file.subarray(0, payloadOffset), file.subarray(payloadOffset + 1)]);
    odd.writeUInt32LE(odd.readUInt32LE(payloadOffset - 4) - 1, payloadOffset - 4);
    expect(await codes(odd)).toContain('fragment-length');
  });

  it('finds a raw elementary stream and a wrong frame count', async () => {
    const raw = Buffer.from(file);
    raw.write('\0\0\0\x01\x67\x64\0\x29', payloadOffset, 'latin1');
    expect(await codes(raw)).toContain('container');
    expect(await codes(await write(T.h264High41, 47))).toEqual(['frame-count']);
  });

  it('finds another identity in the file meta information', async () => {
    const other = Buffer.from(file);
    const at = other.indexOf('2.25.');
    other[at + 6] = other[at + 6] === 0x31 ? 0x32 : 0x31;
    expect(await codes(other)).toContain('identity-mismatch');
  });
});
