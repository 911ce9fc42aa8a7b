import { stat } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import {
  fitTransferSyntax,
  forbids,
  fragmentableTwin,
  TransferSyntaxUid as T,
  type Reason,
  type SopClass,
  type TransferSyntax,
} from '@smartbox/dicom';
import type { VideoTarget } from '@smartbox/media/native';
import { historyOf, type Payload, type SourceFacts } from './payload.ts';
import { sourceFacts } from './source-facts.ts';

export interface StreamRequest {
  input: string;
  facts: SourceFacts;
  sopClass: SopClass;
  /** Absent: the one that fits. */
  syntax: TransferSyntax | undefined;
  preset: string | undefined;
  /** A path for what is made. */
  scratch: (extension: string) => string;
  onProgress: (text: string) => void;
}

/** The stream for a bit stream syntax: as it is, in another container, or coded again; never mislabelled. */
export async function streamPayload(request: StreamRequest): Promise<Payload> {
  const { facts, input, scratch } = request;
  const first = holds(request, facts);
  // LPCM and AC-3 in a transport stream only: PS3.5 8.2.7 and 8.2.10
  const silent = facts.container !== 'mp4' || (facts.audioTracks ?? 0) === 0;
  if (first.uid !== undefined && silent) return payload(request, input, facts, first.uid, 'as-is');
  const container = first.uid !== undefined || first.reasons.every(({ rule }) => rule === 'container');
  if (container && (facts.codec === 'h264' || facts.codec === 'hevc')) {
    const reason = silent
      ? words(first.reasons)
      : 'sound other than LPCM and AC-3 in a transport stream is not carried (PS3.5 8.2.7)';
    const path = scratch('mp4');
    const { remux } = await import('@smartbox/media/native');
    await remux(input, path);
    const copied = await sourceFacts(path);
    const again = holds(request, copied);
    if (again.uid !== undefined) return { ...(await payload(request, path, copied, again.uid, 'remuxed')), reason };
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

const words = (reasons: readonly Reason[]) => reasons.map((each) => `${each.message} (${each.citation})`).join('; ');

function targetOf(syntax: TransferSyntax | undefined, facts: SourceFacts): VideoTarget {
  switch (syntax?.uid.replace(/(\.4\.10\d)\.1$/, '$1')) {
    case T.mpeg2MainLevel:
      return 'mpeg2-main';
    case T.mpeg2HighLevel:
      return 'mpeg2-high';
    case T.h264BluRay41:
      return 'h264-bluray';
    case T.hevcMain51:
      return 'hevc-main';
    case T.hevcMain10Level51:
      return 'hevc-main10';
    case T.h264High41:
    case T.h264High42:
      return 'h264';
    default: {
      const large =
        facts.width > 1920 || facts.height > 1088 || facts.width * facts.height * rate(facts) > 1920 * 1088 * 60.1;
      return facts.bitDepth === 10 ? 'hevc-main10' : large ? 'hevc-main' : 'h264';
    }
  }
}

const rate = ({ frameRate }: SourceFacts) => frameRate.num / frameRate.den;

/** The size that H.264 of this level holds: 1080p60 for 4.2; for 4.1 the lines go before the frames do. */
function sizeFor(target: VideoTarget, syntax: TransferSyntax | undefined, facts: SourceFacts) {
  if (target !== 'h264') return {};
  const level41 = syntax?.uid.startsWith(T.h264High41) ?? false;
  const fast = level41 && rate(facts) > 30.1;
  const [width, height] = fast ? [1280, 720] : [1920, 1080];
  const scale = Math.min(1, width / facts.width, height / facts.height);
  const even = (value: number) => Math.max(16, 2 * Math.floor((value * scale) / 2));
  const tooFast = rate(facts) > 60.1 ? { frameRate: { num: 60, den: 1 } } : {};
  return { width: even(facts.width), height: even(facts.height), ...tooFast };
}

async function encode(request: StreamRequest, reasons: readonly Reason[]): Promise<Payload> {
  const { input, facts, syntax, preset, scratch, onProgress, sopClass } = request;
  const target = targetOf(syntax, facts);
  const reason =
    reasons.length > 0 ? words(reasons) : `a ${facts.codec} stream is not carried by any video transfer syntax`;
  onProgress(`encoding: ${reason}`);
  const path = scratch(target.startsWith('mpeg2') ? 'ts' : 'mp4');
  const { transcode } = await import('@smartbox/media/native');
  let shown = Date.now();
  const made = await transcode({
    input,
    output: path,
    target,
    ...sizeFor(target, syntax, facts),
    ...(preset === undefined ? {} : { preset }),
    onProgress: ({ frames, totalFrames }) => {
      if (Date.now() - shown < 2000) return;
      shown = Date.now();
      onProgress(`encoding: ${frames}${totalFrames === null ? '' : ` of ${totalFrames}`} frames`);
    },
  });
  const result = await sourceFacts(path);
  const fit = holds({ ...request, sopClass }, result);
  if (fit.uid === undefined) {
    throw inputError('does-not-fit', `The encoded stream does not fit either: ${words(fit.reasons)}`);
  }
  const done = await payload(request, path, result, fit.uid, 'encoded');
  const notes = [...done.notes];
  if ((facts.audioTracks ?? 0) > 0) notes.push('the sound of the input was left out');
  return { ...done, reason, encoder: made.encoder, lossyHistory: historyOf(facts, notes), notes };
}

async function payload(
  request: StreamRequest,
  path: string,
  facts: SourceFacts,
  transferSyntaxUid: string,
  mode: Payload['mode'],
): Promise<Payload> {
  const { size } = await stat(path);
  const tracks = facts.audioTracks ?? 0;
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
    bitDepth: facts.bitDepth === 10 ? 10 : 8,
    pixelAspectRatio: facts.sampleAspect,
    audioChannels: mode === 'as-is' && tracks > 0 ? 2 : undefined,
    lossyHistory: [],
    notes: [],
  };
}
