import { stat } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import {
  compressionRatio,
  encodingLimits,
  fitTransferSyntax,
  forbids,
  fragmentableTwin,
  TransferSyntaxUid as T,
  type Reason,
  type SopClass,
  type TransferSyntax,
} from '@smartbox/dicom';
import type { EncoderChoice } from '@smartbox/media';
import { frameProgress, type Work } from '../file-verb.ts';
import { channelsOf, frameTimesOf, historyOf, type Payload, type SourceFacts } from './payload.ts';
import { sourceFacts } from './source-facts.ts';

export interface StreamRequest {
  input: string;
  facts: SourceFacts;
  sopClass: SopClass;
  /** Absent: the one that fits. */
  syntax: TransferSyntax | undefined;
  preset: string | undefined;
  /** Of HEVC. */
  encoder: EncoderChoice | undefined;
  /** A path for what is made. */
  scratch: (extension: string) => string;
  work: Work | undefined;
}

/** Frames of a re-encoded film that are compared with what the encoder was given. */
const COMPARED = 300;

/** The stream for a bit stream syntax: as it is, in another container, or coded again; never mislabelled. */
export async function streamPayload(request: StreamRequest): Promise<Payload> {
  const { facts, input, scratch } = request;
  if (facts.unfit) return encode(request, [facts.unfit]);
  const first = holds(request, facts);
  if (first.uid !== undefined) return payload(request, input, facts, first.uid, 'as-is');
  const container = first.reasons.every(({ rule }) => rule === 'container' || rule === 'audio');
  if (container && ['h264', 'hevc', 'mpeg2video'].includes(facts.codec)) {
    const reason = words(first.reasons);
    const path = scratch(facts.codec === 'mpeg2video' ? 'ts' : 'mp4');
    const { remux } = await import('@smartbox/media/native');
    await remux(input, path);
    const copied = await sourceFacts(path);
    const again = holds(request, copied);
    if (again.uid !== undefined) {
      const done = await payload(request, path, copied, again.uid, 'remuxed');
      return { ...done, reason, notes: [...done.notes, ...soundLeftOut(facts)] };
    }
    return encode(request, again.reasons);
  }
  return encode(request, first.reasons);
}

function holds({ syntax, sopClass }: StreamRequest, facts: SourceFacts): { uid?: string; reasons: readonly Reason[] } {
  const options = { payloadLength: facts.bytes, sopClassUid: sopClass.uid };
  if (syntax) {
    // H.264 and HEVC are cut at keyframes afterwards where one fragment does not hold them
    const cut = facts.codec === 'h264' || facts.codec === 'hevc';
    const reasons = forbids(syntax.uid, facts, cut ? { sopClassUid: sopClass.uid } : options);
    return reasons.length === 0 ? { uid: syntax.uid, reasons } : { reasons };
  }
  const fit = fitTransferSyntax(facts, options);
  // a stream of frames is not one payload
  if (fit.fits) return fit.transferSyntax.layout === 'stream' ? { uid: fit.uid, reasons: [] } : { reasons: [] };
  // only too long for one fragment: the same stream in several
  const tooLong = fit.reasons.every(({ rule }) => rule === 'one-fragment');
  const twin = tooLong && fit.nearest !== undefined ? fragmentableTwin(fit.nearest) : undefined;
  return twin ? { uid: twin.uid, reasons: [] } : { reasons: fit.reasons };
}

const soundLeftOut = ({ audioTracks = 0 }: SourceFacts) =>
  audioTracks > 0 ? ['the sound of the input was left out'] : [];

const words = (reasons: readonly Reason[]) => reasons.map((each) => `${each.message} (${each.citation})`).join('; ');

/** What is usual for a stream that none holds: H.264 up to 1080p60, HEVC for what is larger or deeper. */
function usual(facts: SourceFacts): string {
  const { width, height, bitDepth, frameRate } = facts;
  if (bitDepth === 10) return T.hevcMain10Level51;
  const fast = (width * height * frameRate.num) / frameRate.den > 1920 * 1088 * 60.1;
  const large = Math.max(width, height) > 1920 || Math.min(width, height) > 1088;
  return large || fast ? T.hevcMain51 : T.h264High42;
}

async function encode(request: StreamRequest, reasons: readonly Reason[]): Promise<Payload> {
  const { input, facts, syntax, preset, encoder, scratch, work, sopClass } = request;
  const limits = encodingLimits(syntax?.uid ?? usual(facts), facts.frameRate);
  if (!limits) throw inputError('no-encoder', `nothing is encoded for ${syntax?.name ?? facts.codec}`);
  const reason =
    reasons.length > 0 ? words(reasons) : `no video transfer syntax holds this ${facts.codec} stream as it is`;
  process.stderr.write(`encoding: ${reason}\n`);
  const path = scratch(limits.target.startsWith('mpeg2') ? 'ts' : 'mp4');
  const { transcode } = await import('@smartbox/media/native');
  const made = await transcode({
    input,
    output: path,
    ...limits,
    compare: COMPARED,
    ...(preset === undefined ? {} : { preset }),
    ...(encoder === undefined ? {} : { encoder }),
    ...(work ? { signal: work.signal, onProgress: frameProgress(work, 'encoding') } : {}),
  });
  const result = await sourceFacts(path);
  const fit = holds({ ...request, sopClass }, result);
  if (fit.uid === undefined) {
    throw inputError('does-not-fit', `The encoded stream does not fit either: ${words(fit.reasons)}`);
  }
  const done = await payload(request, path, result, fit.uid, 'encoded');
  const notes = [...done.notes, ...made.notes, ...soundLeftOut(facts)];
  const compression = {
    ratio: compressionRatio(result, done.bytes),
    ...made.closeness,
    durationMs: made.durationMs,
  };
  return { ...done, reason, encoder: made.encoder, compression, lossyHistory: historyOf(facts, notes), notes };
}

async function payload(
  request: StreamRequest,
  path: string,
  facts: SourceFacts,
  transferSyntaxUid: string,
  mode: Payload['mode'],
): Promise<Payload> {
  const { size } = await stat(path);
  return {
    path,
    temporary: path !== request.input,
    bytes: size,
    shape: size,
    transferSyntaxUid,
    mode,
    width: facts.width,
    height: facts.height,
    frames: facts.frames,
    frameRate: facts.frameRate,
    frameTimesMs: frameTimesOf(facts, facts.frames),
    bitDepth: facts.bitDepth === 10 ? 10 : 8,
    pixelAspectRatio: facts.sampleAspect,
    audioChannels: channelsOf(facts),
    lossyHistory: [],
    notes: [],
  };
}
