import { randomUUID, createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  attributesFromJson,
  buildStill,
  buildVideo,
  checkEncapsulation,
  checkIod,
  createPart10,
  fileSource,
  findSopClass,
  findTransferSyntax,
  pairing,
  part10Stream,
  readPart10,
  TransferSyntaxUid as T,
  transferSyntaxName,
  type Dataset,
  type ImageInput,
  type ObjectContext,
  type SopClass,
} from '@smartbox/dicom';
import { deterministicUid, inputError, newId, SmartBoxError } from '@smartbox/kernel';
import type { EncoderChoice } from '@smartbox/media';
import type { Work } from '../file-verb.ts';
import { checkOutput } from './files.ts';
import { framePayload, motionJpegPayload } from './frame-payload.ts';
import { partsOf, type Part } from './parts.ts';
import type { Payload, SourceFacts } from './payload.ts';
import { sourceFacts } from './source-facts.ts';
import { streamPayload } from './stream-payload.ts';

export interface MakeOptions {
  /** Any video or picture. */
  input: string;
  out: string;
  /** Name or UID. */
  sop: string;
  /** Name or UID; absent: the one that takes the input as it is, else the usual one. */
  transferSyntax?: string | undefined;
  patientName?: string | undefined;
  patientId?: string | undefined;
  /** Keywords and values, or the DICOM JSON model. */
  attributes?: unknown;
  /** Lossy HTJ2K, so many to one. */
  ratio?: number | undefined;
  /** Largest payload of one object; a longer stream is cut at keyframes into several objects of one series. */
  maxBytes?: number | undefined;
  /** x264 or x265 preset. */
  preset?: string | undefined;
  /** What HEVC is encoded with; absent: hardware where the machine has it. */
  encoder?: EncoderChoice | undefined;
  /** Progress, and the end of it by Ctrl-C. */
  work?: Work | undefined;
}

export interface MadeObject {
  file: string;
  bytes: number;
  sopClass: string;
  sopClassUid: string;
  transferSyntax: string;
  transferSyntaxUid: string;
  sopInstanceUid: string;
  seriesInstanceUid: string;
  studyInstanceUid: string;
  rows: number;
  columns: number;
  frames: number;
  frameRate: { num: number; den: number };
  reencoded: boolean;
  mode: Payload['mode'];
  reason?: string | undefined;
  encoder?: string | undefined;
  /** Of what was coded again. */
  compression?: Payload['compression'];
  payloadBytes: number;
  payloadSha256: string;
  fragments: number;
  notes: readonly string[];
  /** All objects of the series in their order, this one first, where the stream was cut. */
  parts?: readonly MadeObject[];
}

/**
 * Makes a DICOM object of any video or picture. The input's own bytes go in where the transfer syntax holds them;
 * otherwise it is coded again, and the answer says why. What was written is checked before it gets its name.
 * @throws SmartBoxError `pairing-forbidden` and the codes of the checks; nothing is left behind then
 */
export async function makeObject(options: MakeOptions): Promise<MadeObject> {
  const sopClass = findSopClass(options.sop);
  const syntax = options.transferSyntax === undefined ? undefined : findTransferSyntax(options.transferSyntax);
  if (syntax) {
    const { allowed, rule } = pairing(sopClass, syntax);
    if (!allowed) throw inputError('pairing-forbidden', `${sopClass.name} in ${syntax.name}: ${rule}`);
  }
  await checkOutput(options.out);
  // what is said of the patient is wrong before hours of encoding, not after
  const own = attributesFromJson({
    ...(options.patientName === undefined ? {} : { PatientName: options.patientName }),
    ...(options.patientId === undefined ? {} : { PatientID: options.patientId }),
  });
  const attributes = options.attributes === undefined ? {} : attributesFromJson(options.attributes);
  const given = { ...attributes, ...own }; // the command line's own patient wins over the file's
  const made: string[] = [];
  const scratch = (extension: string): string => {
    const path = `${options.out}.${randomUUID().slice(0, 8)}.${extension}`;
    made.push(path);
    return path;
  };
  try {
    const whole = await choosePayload(options, sopClass, await sourceFacts(options.input), scratch);
    const parts = await partsOf(whole, options.maxBytes, () => scratch('mp4'));
    const context = contextOf();
    const objects: MadeObject[] = [];
    for (const [index, part] of parts.entries()) {
      const dataset = datasetOf(context, sopClass, part, index + 1, given);
      const out = parts.length === 1 ? options.out : numbered(options.out, index + 1);
      objects.push(await write(out, scratch('part'), dataset, sopClass, part));
    }
    const [first] = objects;
    if (!first) throw new Error('an object was made');
    return objects.length === 1 ? first : { ...first, parts: objects };
  } finally {
    await Promise.all(made.map((path) => rm(path, { force: true })));
  }
}

async function choosePayload(
  options: MakeOptions,
  sopClass: SopClass,
  facts: SourceFacts,
  scratch: (extension: string) => string,
): Promise<Payload> {
  const { input, ratio, preset, encoder, work } = options;
  const asked = options.transferSyntax === undefined ? undefined : findTransferSyntax(options.transferSyntax);
  // unasked: JPEG stays what it is, moving too; a lossless picture loses nothing, a frame of a video becomes a JPEG
  const usual = ['png', 'bmp', 'tiff', 'ppm', 'targa'].includes(facts.codec) ? T.explicitLittleEndian : T.jpegBaseline;
  const syntax = asked ?? (sopClass.kind === 'still' ? findTransferSyntax(usual) : undefined);
  if (ratio !== undefined && syntax?.codec !== 'htj2k')
    throw inputError('invalid-ratio', `a ratio goes with ${T.htj2k} (HTJ2K) only`);
  if (syntax && syntax.layout !== 'stream')
    return framePayload({ input, facts, sopClass, syntax, ratio, scratch, work });
  if (!asked && facts.codec === 'mjpeg') {
    const jpeg = { input, facts, sopClass, syntax: findTransferSyntax(T.jpegBaseline), ratio, scratch, work };
    const same = await motionJpegPayload(jpeg);
    if (same) return same;
  }
  return streamPayload({ input, facts, sopClass, syntax, preset, encoder, scratch, work });
}

/** `clip.dcm` -> `clip-001.dcm`. */
function numbered(path: string, index: number): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${String(index).padStart(3, '0')}${ext}`);
}

/** All that the objects of one call share. */
function contextOf(): ObjectContext & { begun: Date } {
  const now = new Date();
  return {
    begun: now,
    patientStudy: {
      utcOffsetMinutes: -now.getTimezoneOffset(),
      patient: { name: '', id: '' },
      study: { instanceUid: deterministicUid(newId()), startedAt: now, id: '1' },
    },
    series: { instanceUid: deterministicUid(newId()), number: 1 },
    equipment: { manufacturer: 'SmartBox', modelName: 'SmartBox', softwareVersions: '0.1.0' },
  };
}

function datasetOf(
  context: ReturnType<typeof contextOf>,
  sopClass: SopClass,
  payload: Payload & { part?: Part },
  number: number,
  given: Dataset,
): Dataset {
  const image: ImageInput = {
    sopInstanceUid: deterministicUid(newId()),
    number,
    capturedAt: new Date(context.begun.getTime() + (payload.part?.startMs ?? 0)),
    rows: payload.height,
    columns: payload.width,
    bitDepth: payload.bitDepth,
    payloadLength: payload.bytes,
    photometricInterpretation: payload.photometricInterpretation,
    pixelAspectRatio: payload.pixelAspectRatio,
    lossyHistory: payload.lossyHistory,
    lossless: payload.lossless,
  };
  const { frames, frameRate, frameTimesMs, audioChannels, transferSyntaxUid } = payload;
  const built =
    sopClass.kind === 'still'
      ? buildStill(sopClass.uid, transferSyntaxUid, context, image)
      : buildVideo(sopClass.uid, transferSyntaxUid, context, {
          ...image,
          frames,
          frameRate,
          frameTimesMs,
          audioChannels,
        });
  // a cut stream has UIDs of its own for every part, whatever the file says
  const part = payload.part && {
    SOPInstanceUID: image.sopInstanceUid,
    InstanceNumber: number,
    ImageComments: `Part ${number} of ${payload.part.parts}, frames ${payload.part.firstFrame} to ${payload.part.firstFrame + frames - 1} of ${payload.part.allFrames}`,
  };
  return { ...built, ...given, ...part };
}

async function write(
  out: string,
  part: string,
  dataset: Dataset,
  sopClass: SopClass,
  payload: Payload,
): Promise<MadeObject> {
  const part10 = createPart10(dataset, payload.transferSyntaxUid, payload.shape);
  const hash = createHash('sha256');
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(payload.path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(part10Stream(part10, bytes()), createWriteStream(part));
  await prove(part);
  await rename(part, out);
  const first = (keyword: string): string => {
    const value = dataset[keyword];
    const one: unknown = typeof value === 'object' ? value[0] : value;
    return typeof one === 'string' ? one : '';
  };
  return {
    file: out,
    bytes: (await stat(out)).size,
    sopClass: sopClass.name,
    sopClassUid: sopClass.uid,
    transferSyntax: transferSyntaxName(payload.transferSyntaxUid),
    transferSyntaxUid: payload.transferSyntaxUid,
    sopInstanceUid: first('SOPInstanceUID'),
    seriesInstanceUid: first('SeriesInstanceUID'),
    studyInstanceUid: first('StudyInstanceUID'),
    rows: payload.height,
    columns: payload.width,
    frames: payload.frames,
    frameRate: payload.frameRate,
    reencoded: payload.mode === 'encoded',
    mode: payload.mode,
    reason: payload.reason,
    encoder: payload.encoder,
    compression: payload.compression,
    payloadBytes: payload.bytes,
    payloadSha256: hash.digest('hex'),
    fragments: part10.fragments.length,
    notes: payload.notes,
  };
}

async function prove(path: string): Promise<void> {
  await using source = await fileSource(path);
  const findings = [...(await checkEncapsulation(source)), ...checkIod(await readPart10(source))];
  const errors = findings.filter((each) => each.severity === 'error');
  if (errors.length === 0) return;
  const what = errors.map((each) => `${each.message} (${each.citation})`).join('; ');
  throw new SmartBoxError({
    code: 'object-invalid',
    fault: 'input',
    message: `The object would not be valid: ${what}`,
  });
}
