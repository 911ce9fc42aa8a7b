import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  checkEncapsulation,
  checkIod,
  createPart10,
  deidentify,
  extractPayload,
  lookupKeyword,
  part10Stream,
  payloadDigest,
  readEncapsulation,
  readPart10,
  sopClasses,
  transferSyntaxes,
  transferSyntaxName,
  type ByteSource,
  type Dataset,
  type DeidentifyOptions,
  type Finding,
  type ParsedPart10,
  type PayloadShape,
} from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { checkOutput, openObject } from './files.ts';

/** Reads an object; what is wrong with it is said with its name. */
async function parse(path: string, source: ByteSource): Promise<ParsedPart10> {
  try {
    return await readPart10(source);
  } catch (error) {
    if (!(error instanceof SmartBoxError)) throw error;
    throw inputError(error.code, `${path}: ${error.message}`);
  }
}

export interface Checked {
  file: string;
  ok: boolean;
  sopClass?: string;
  sopClassUid?: string;
  transferSyntax?: string;
  transferSyntaxUid?: string;
  findings: (Finding & { by: 'structure' | 'iod' | 'dciodvfy' })[];
  /** Was dicom3tools' validator there, and does it know the transfer syntax? */
  dciodvfy: 'ran' | 'not-installed' | 'not-applicable';
}

// dicom3tools as Debian packages it stops at Pixel Data of syntaxes that came after it.
const unknownToDciodvfy = /\.4\.(10\d\.1|107|108|20\d)$/;

/** Structure and IOD of one file; what cannot be read is a finding, too. */
export async function checkFile(path: string): Promise<Checked> {
  await using source = await openObject(path);
  const findings: Checked['findings'] = (await checkEncapsulation(source)).map((each) => ({
    ...each,
    by: 'structure',
  }));
  let parsed: ParsedPart10;
  try {
    parsed = await readPart10(source);
  } catch (error) {
    if (!(error instanceof SmartBoxError)) throw error;
    return { file: path, ok: false, findings, dciodvfy: 'not-applicable' };
  }
  findings.push(...checkIod(parsed).map((each) => ({ ...each, by: 'iod' as const })));
  const { transferSyntaxUid, sopClassUid } = parsed;
  const state = unknownToDciodvfy.test(transferSyntaxUid) ? 'not-applicable' : dciodvfy(path, findings);
  return {
    file: path,
    ok: findings.every((each) => each.severity !== 'error'),
    sopClass: sopClasses.get(sopClassUid)?.name ?? sopClassUid,
    sopClassUid,
    transferSyntax: transferSyntaxName(transferSyntaxUid),
    transferSyntaxUid,
    findings,
    dciodvfy: state,
  };
}

function dciodvfy(path: string, findings: Checked['findings']): Checked['dciodvfy'] {
  const run = spawnSync('dciodvfy', [path], { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (run.error) return 'not-installed';
  for (const line of `${run.stdout}${run.stderr}`.split('\n')) {
    const match = /^(Error|Warning) - (.*)$/.exec(line);
    if (!match) continue;
    const severity = match[1] === 'Error' ? 'error' : 'warning';
    findings.push({ code: 'dciodvfy', severity, message: match[2] ?? line, citation: 'PS3.3', by: 'dciodvfy' });
  }
  return 'ran';
}

/** All attributes, and where Pixel Data lies; never its bytes. */
export async function dumpFile(path: string): Promise<{ json: object; lines: string[] }> {
  await using source = await openObject(path);
  const parsed = await parse(path, source);
  const encapsulation = parsed.pixelData ? await readEncapsulation(source, parsed) : undefined;
  const pixelData = encapsulation && {
    encapsulated: parsed.pixelData?.length === undefined,
    offsetTableBytes: encapsulation.offsetTable?.length,
    fragments: encapsulation.fragments.length,
    bytes: encapsulation.fragments.reduce((sum, each) => sum + each.length, 0),
  };
  const { meta, dataset, transferSyntaxUid, sopClassUid, sopInstanceUid, skipped } = parsed;
  return {
    json: { file: path, transferSyntaxUid, sopClassUid, sopInstanceUid, meta, dataset, pixelData, skipped },
    lines: [
      ...attributeLines(meta, 0),
      ...attributeLines(dataset, 0),
      ...(pixelData
        ? [
            `(7fe0,0010) OB PixelData: ${pixelData.fragments} fragment${pixelData.fragments === 1 ? '' : 's'}, ${pixelData.bytes} bytes`,
          ]
        : []),
    ],
  };
}

function attributeLines(dataset: Dataset, depth: number): string[] {
  const rows = Object.entries(dataset).map(([keyword, value]) => {
    const entry = lookupKeyword(keyword);
    const tag = (entry?.tag ?? keyword).toLowerCase();
    return { keyword, value, vr: entry?.vr ?? 'UN', tag };
  });
  return rows
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
    .flatMap(({ keyword, value, vr, tag }) => {
      const head = `${'  '.repeat(depth)}(${tag.slice(0, 4)},${tag.slice(4)}) ${vr} ${keyword}`;
      const list = value === undefined ? [] : typeof value === 'object' ? value : [value];
      if (vr === 'AT') return [`${head}: ${list.map((each) => `(${tagText(Number(each))})`).join('\\')}`];
      if (vr !== 'SQ') return [`${head}: ${list.map(String).join('\\')}`];
      const items = list as readonly Dataset[];
      return [
        `${head}: ${items.length} item(s)`,
        ...items.flatMap((each, i) => [`${'  '.repeat(depth + 1)}item ${i + 1}`, ...attributeLines(each, depth + 2)]),
      ];
    });
}

/** A tag as one number -> `0018,1063`. */
function tagText(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0');
  return `${hex.slice(0, 4)},${hex.slice(4)}`;
}

const extensions: Record<string, string> = { jpeg: 'jpg', htj2k: 'j2c' };

/**
 * The payload as it was put in, unpadded. Frames that stand alone lie one after the other in a file, or, when `out` is a
 * folder (or ends with a slash), each in a file of its own.
 */
export async function extractFile(path: string, out: string): Promise<object> {
  await using source = await openObject(path);
  const parsed = await parse(path, source);
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  const { transferSyntaxUid } = parsed;
  const folder = out.endsWith('/') || ((await stat(out).catch(() => undefined))?.isDirectory() ?? false);
  if (!folder) {
    await checkOutput(out);
    await intoFile(out, () => extractPayload(source, parsed));
    return { file: path, out, transferSyntaxUid, ...(await payloadDigest(source, parsed)) };
  }
  if (syntax?.layout !== 'frames')
    throw inputError('not-frames', `${out} is a folder, and the payload is one stream: name a file`);
  await mkdir(out, { recursive: true });
  const { fragments } = await readEncapsulation(source, parsed);
  const files: string[] = [];
  for (const [i, fragment] of fragments.entries()) {
    const name = join(out, `frame-${String(i + 1).padStart(6, '0')}.${extensions[syntax.codec] ?? 'bin'}`);
    await intoFile(name, async function* () {
      yield await source.read(fragment.offset, fragment.length);
    });
    files.push(name);
  }
  return { file: path, out, transferSyntaxUid, files: files.length, ...(await payloadDigest(source, parsed)) };
}

async function intoFile(path: string, bytes: () => AsyncGenerator<Uint8Array>): Promise<void> {
  const part = `${path}.part`;
  try {
    await pipeline(bytes(), createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Writes a de-identified copy: the same pixels, other attributes, other UIDs. */
export async function deidentifyFile(path: string, out: string, options: DeidentifyOptions): Promise<object> {
  await using source = await openObject(path);
  const parsed = await parse(path, source);
  await checkOutput(out);
  const { dataset, ...report } = deidentify(parsed.dataset, options);
  const part10 = createPart10(dataset, parsed.transferSyntaxUid, await shapeOf(source, parsed));
  await intoFile(out, () => part10Stream(part10, extractPayload(source, parsed)));
  const checked = await checkFile(out);
  const errors = checked.findings.filter((each) => each.severity === 'error' && each.by === 'structure');
  if (errors.length > 0) {
    await rm(out, { force: true });
    throw new SmartBoxError({
      code: 'object-invalid',
      fault: 'ours',
      message: errors.map((each) => each.message).join('; '),
    });
  }
  return {
    file: path,
    out,
    sopInstanceUid: [dataset['SOPInstanceUID']].flat()[0],
    patientId: dataset['PatientID'],
    ...report,
  };
}

/** How the payload was cut; a frame of several fragments cannot be told from several frames without its table. */
async function shapeOf(source: ByteSource, parsed: ParsedPart10): Promise<PayloadShape> {
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  if (!syntax)
    throw inputError('unknown-transfer-syntax', `Transfer syntax ${parsed.transferSyntaxUid} is not written`);
  const digest = await payloadDigest(source, parsed);
  if (syntax.layout !== 'frames') return digest.bytes;
  const { fragments } = await readEncapsulation(source, parsed);
  const lengths: number[] = [];
  for (const { offset, length } of fragments) {
    const tail = await source.read(offset + length - 3, 3);
    lengths.push(tail[0] === 0xff && tail[1] === 0xd9 && tail[2] === 0 ? length - 1 : length);
  }
  return { frameLengths: lengths };
}
