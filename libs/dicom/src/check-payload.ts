import { SmartBoxError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import type { Findings } from './findings.ts';
import { forbids } from './fit-transfer-syntax.ts';
import { readHtj2kFacts } from './htj2k-facts.ts';
import { readJpegFacts } from './jpeg-facts.ts';
import { readMp4Facts } from './mp4-facts.ts';
import { readMpeg2Facts } from './mpeg2-facts.ts';
import { number, text, type ParsedPart10 } from './part10-reader.ts';
import type { Encapsulation, PayloadItem } from './payload.ts';
import { isTransportStream, readTsFacts } from './ts-facts.ts';
import type { TransferSyntax } from './transfer-syntaxes.ts';
import type { VideoFacts } from './video-facts.ts';

/** Frames that are looked at one by one; of more, the first ones and the last. */
const FRAMES_READ = 200;

/** Is the stream what the transfer syntax and the attributes say? Read from the bit stream itself. */
export async function streamPayload(
  payload: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  frames: number,
  findings: Findings,
): Promise<void> {
  let facts: VideoFacts | undefined;
  try {
    facts = await streamFacts(payload, syntax, findings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    findings.error('malformed-stream', `The payload cannot be read: ${error.message}`, syntax.citation);
  }
  if (!facts) return;
  const carried = facts.codec === 'mpeg2video' ? 'mpeg2' : facts.codec;
  const codec = `The payload is ${carried}, not ${syntax.codec}`;
  findings.unless(carried === syntax.codec, 'codec', codec, syntax.citation);
  const counted = `The payload has ${facts.frames} frames, NumberOfFrames says ${frames}`;
  findings.unless(facts.frames === frames, 'frame-count', counted, 'PS3.3 C.7.6.6');
  const [rows, columns] = [number(parsed.dataset, 'Rows'), number(parsed.dataset, 'Columns')];
  const size = `The payload is ${facts.width}x${facts.height}, the attributes say ${columns}x${rows}`;
  findings.unless(facts.height === rows && facts.width === columns, 'picture-size', size, syntax.citation);
  const stored = number(parsed.dataset, 'BitsStored');
  const depth = `The payload has ${facts.bitDepth} bits per sample, BitsStored says ${stored}`;
  findings.unless(stored === facts.bitDepth, 'bits-stored', depth, 'PS3.3 C.7.6.3');
  if (carried !== syntax.codec) return;
  for (const { rule, message, citation } of forbids(syntax.uid, facts)) findings.error(rule, message, citation);
}

/** Facts of a payload: an MP4, a transport stream, or another MPEG-2 stream. */
async function streamFacts(
  payload: ByteSource,
  syntax: TransferSyntax,
  findings: Findings,
): Promise<VideoFacts | undefined> {
  const head = Buffer.from(await payload.read(0, 8));
  const mp4 = head.toString('latin1', 4, 8) === 'ftyp';
  if (mp4) return { ...(await readMp4Facts(payload)), closedGop: true };
  if (syntax.codec === 'mpeg2') return readMpeg2Facts(payload);
  const isTs = await isTransportStream(payload);
  findings.unless(isTs, 'container', 'The payload is neither an MP4 nor an MPEG-TS', syntax.citation);
  return isTs ? readTsFacts(payload) : undefined;
}

/** A part of a source, as a source. */
function part(source: ByteSource, { offset, length }: PayloadItem): ByteSource {
  return {
    size: length,
    read: (from, wanted) => source.read(offset + from, Math.max(0, Math.min(wanted, length - from))),
  };
}

/** Is every frame what the transfer syntax and the attributes say? Only where each has a fragment of its own. */
export async function framePayloads(
  source: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  items: Encapsulation,
  frames: number,
  findings: Findings,
): Promise<void> {
  if (items.fragments.length !== frames) return;
  const last = items.fragments.at(-1);
  const some =
    items.fragments.length > FRAMES_READ
      ? [...items.fragments.slice(0, FRAMES_READ), ...(last ? [last] : [])]
      : items.fragments;
  const before = findings.list.length;
  for (const item of some) {
    try {
      if (syntax.codec === 'jpeg') await jpegFrame(part(source, item), parsed, syntax, findings);
      else if (syntax.codec === 'htj2k') await htj2kFrame(part(source, item), parsed, syntax, findings);
    } catch (error) {
      const code = error instanceof SmartBoxError ? error.code : 'malformed-frame';
      if (!(error instanceof SmartBoxError) && !(error instanceof RangeError)) throw error;
      findings.error(code, `The frame at byte ${item.offset}: ${error.message}`, syntax.citation);
    }
    if (findings.list.length > before) return; // the first bad frame says it
  }
}

function pictureSize(
  frame: { width: number; height: number; bitDepth: number; components: number },
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  findings: Findings,
): void {
  const { dataset } = parsed;
  const [rows, columns] = [number(dataset, 'Rows'), number(dataset, 'Columns')];
  const size = `A frame is ${frame.width}x${frame.height}, the attributes say ${columns}x${rows}`;
  findings.unless(frame.height === rows && frame.width === columns, 'picture-size', size, syntax.citation);
  const samples = number(dataset, 'SamplesPerPixel');
  const components = `A frame has ${frame.components} components, SamplesPerPixel says ${samples}`;
  findings.unless(frame.components === samples, 'components', components, 'PS3.3 C.7.6.3');
  const stored = number(dataset, 'BitsStored');
  const depth = `A frame has ${frame.bitDepth} bits per sample, BitsStored says ${stored}`;
  findings.unless(frame.bitDepth === stored, 'bits-stored', depth, 'PS3.3 C.7.6.3');
}

async function jpegFrame(
  frame: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  findings: Findings,
): Promise<void> {
  const facts = await readJpegFacts(frame);
  findings.unless(facts.baseline, 'not-baseline', 'A frame is a JPEG, but not of process 1', syntax.citation);
  pictureSize(facts, parsed, syntax, findings);
}

async function htj2kFrame(
  frame: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  findings: Findings,
): Promise<void> {
  const facts = await readHtj2kFacts(frame);
  findings.unless(facts.highThroughput, 'not-high-throughput', 'A frame is JPEG 2000, but not HTJ2K', syntax.citation);
  findings.unless(
    !syntax.lossless || facts.reversible,
    'not-lossless',
    `${syntax.name} is reversible, a frame is coded with the irreversible wavelet`,
    syntax.citation,
  );
  if (syntax.uid.endsWith('.202')) {
    findings.unless(
      facts.progression === 'RPCL' && facts.tileLengths,
      'not-rpcl',
      `${syntax.name} has RPCL order and tile-part lengths (TLM), a frame has ${facts.progression} ${facts.tileLengths ? 'with' : 'without'} TLM`,
      'PS3.5 10.18',
    );
    const scale = 2 ** facts.decompositions;
    findings.unless(
      Math.min(Math.ceil(facts.width / scale), Math.ceil(facts.height / scale)) <= 64,
      'base-resolution',
      `The smallest resolution has a side of at most 64 samples, ${facts.decompositions} decompositions do not reach it`,
      'PS3.5 10.18',
    );
  }
  const expected = !facts.componentTransform ? 'RGB' : facts.reversible ? 'YBR_RCT' : 'YBR_ICT';
  const said = text(parsed.dataset, 'PhotometricInterpretation');
  const label = `The code stream decodes as ${expected}, Photometric Interpretation says ${said}`;
  findings.unless(said === expected, 'photometric-interpretation', label, 'PS3.5 8.2.14');
  pictureSize(facts, parsed, syntax, findings);
}
