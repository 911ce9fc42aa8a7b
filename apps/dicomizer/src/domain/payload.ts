import type { RenditionReady } from '@smartbox/contracts';
import {
  fitTransferSyntax,
  forbids,
  pairing,
  sopClasses,
  SopClassUid,
  TransferSyntaxUid,
  transferSyntaxes,
  type Htj2kFacts,
  type ImageInput,
  type JpegFacts,
  type Mp4Facts,
  type Mpeg2Facts,
  type PayloadShape,
  type Reason,
  type SopClassName,
  type TransferSyntax,
  type VideoFacts,
} from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';

/**
 * What the payload's own headers say, of frames coded one by one those of the first; `unread` where no header is read:
 * uncompressed pixels.
 */
export type Head =
  | { kind: 'mp4'; facts: Mp4Facts }
  | { kind: 'mpeg2'; facts: Mpeg2Facts }
  | { kind: 'mpegts'; facts: VideoFacts }
  | { kind: 'jpeg'; facts: JpegFacts; frameLengths: readonly number[] }
  | { kind: 'htj2k'; facts: Htj2kFacts; frameLengths: readonly number[] }
  | { kind: 'unread' };

/** How a rendition is stored: all that its attributes and its encapsulation need to know of it. */
export interface Payload {
  sopClassUid: string;
  transferSyntax: TransferSyntax;
  shape: PayloadShape;
  width: number;
  height: number;
  bitDepth: 8 | 10;
  photometricInterpretation: ImageInput['photometricInterpretation'];
  pixelAspectRatio?: readonly [number, number] | undefined;
  /** Nothing was lost in coding it. */
  lossless: boolean;
  /** Absent for a still. */
  video?: Pick<VideoFacts, 'frames' | 'frameRate' | 'frameTimesMs'> & { audioTracks: number };
}

const classes: Record<string, SopClassName> = {
  'video-endoscopic': 'videoEndoscopic',
  'video-microscopic': 'videoMicroscopic',
  'video-photographic': 'videoPhotographic',
  'secondary-capture': 'multiFrameTrueColorSecondaryCapture',
  'vl-endoscopic': 'vlEndoscopic',
  'vl-microscopic': 'vlMicroscopic',
  'vl-photographic': 'vlPhotographic',
};

/** The SOP class that the recipe names for clips or for stills. @throws SmartBoxError `unknown-sop-class` */
export function sopClassOf({ kind, recipe }: RenditionReady['origin']): string {
  const name = kind === 'still' ? recipe.dicom.stillSopClass : recipe.dicom.videoSopClass;
  const known = classes[name];
  if (known) return SopClassUid[known];
  const all = Object.keys(classes).join(', ');
  throw inputError('unknown-sop-class', `The recipe's SOP class "${name}" is not one of ${all}`);
}

/**
 * Decides how a rendition is stored: SOP class from the recipe; the transfer syntax it was made for, else the one that
 * its facts fit. Both are held against what the payload itself says.
 * @throws SmartBoxError `no-transfer-syntax` with the rules that forbid it, `facts-disagree`
 */
export function decidePayload(event: RenditionReady, head: Head): Payload {
  const sopClassUid = sopClassOf(event.origin);
  if (event.origin.kind === 'still') return decideStill(event, sopClassUid, head);
  const facts = videoFacts(event, head);
  const { video, transferSyntaxUid: asked } = event;
  const options = { payloadLength: event.bytes, sopClassUid };
  const reasons = asked === undefined ? [] : forbids(asked, facts, options);
  if (reasons.length > 0) throw refused(reasons, asked);
  const fit = fitTransferSyntax(facts, asked === undefined ? options : { ...options, accept: [asked] });
  if (!fit.fits) throw refused(fit.reasons, fit.nearest);
  if (head.kind === 'jpeg') checkBaseline(head.facts);
  if (head.kind === 'htj2k') checkCodeStream(head.facts, fit.transferSyntax);
  const frames = head.kind === 'jpeg' || head.kind === 'htj2k' ? head : undefined;
  return {
    sopClassUid,
    transferSyntax: fit.transferSyntax,
    shape: frames ? { frameLengths: checkedLengths(event, frames.frameLengths, facts.frames) } : event.bytes,
    width: facts.width,
    height: facts.height,
    bitDepth: facts.bitDepth === 10 ? 10 : 8,
    ...interpretation(head),
    pixelAspectRatio: head.kind === 'mpeg2' ? head.facts.pixelAspectRatio : undefined,
    video: {
      frames: facts.frames,
      frameRate: facts.frameRate,
      frameTimesMs: frameTimes(facts, fit.transferSyntax),
      audioTracks: video?.audioTracks ?? 0,
    },
  };
}

/** Of a variable rate the times themselves: a mean would show every frame after a gap at the wrong moment. */
function frameTimes({ constantFrameRate, frameTimesMs, container }: VideoFacts, syntax: TransferSyntax) {
  if (constantFrameRate || frameTimesMs || syntax.layout !== 'stream') return frameTimesMs;
  throw inputError(
    'no-frame-times',
    `The rate is variable, and the times of the frames are not read out of ${container}: MP4 is (PS3.3 C.7.6.5)`,
  );
}

function refused(reasons: readonly Reason[], nearest: string | undefined): SmartBoxError {
  const why = reasons.map((each) => `${each.message} (${each.citation})`).join('; ');
  return inputError('no-transfer-syntax', `No DICOM transfer syntax holds this stream: ${why}`, { nearest });
}

function disagree(what: string, event: unknown, payload: unknown): SmartBoxError {
  return new SmartBoxError({
    code: 'facts-disagree',
    fault: 'ours',
    message: `The rendition was announced with ${what} ${String(event)}, its payload says ${String(payload)}`,
  });
}

/** What the frames decode to: the code stream's own component transform decides (PS3.5 8.2.14, PS3.3 C.7.6.3.1.2). */
function interpretation(head: Head): Pick<Payload, 'photometricInterpretation' | 'lossless'> {
  if (head.kind === 'jpeg') {
    return { photometricInterpretation: head.facts.ycc ? undefined : 'RGB', lossless: false };
  }
  if (head.kind !== 'htj2k') return { photometricInterpretation: undefined, lossless: false };
  const { componentTransform, reversible } = head.facts;
  const transformed = reversible ? ('YBR_RCT' as const) : ('YBR_ICT' as const);
  return { photometricInterpretation: componentTransform ? transformed : 'RGB', lossless: reversible };
}

/** The payload's own word where it can be read; the event only adds what no header says. */
function videoFacts(event: RenditionReady, head: Head): VideoFacts {
  const { video } = event;
  if (!video)
    throw inputError('no-video-facts', `The ${event.rendition} rendition was announced without facts about its stream`);
  switch (head.kind) {
    case 'unread':
      return video;
    case 'jpeg':
    case 'htj2k': {
      const codec = head.kind === 'jpeg' ? 'mjpeg' : 'htj2k';
      if (video.codec !== codec) throw disagree('codec', video.codec, codec);
      checkSize(video, head.facts);
      if (head.facts.bitDepth !== video.bitDepth) throw disagree('bitDepth', video.bitDepth, head.facts.bitDepth);
      return video;
    }
    case 'mp4':
    case 'mpegts':
    case 'mpeg2': {
      // Profile and level are the payload's to say; these name the stream that was announced.
      for (const name of ['codec', 'width', 'height', 'frames'] as const) {
        const uncounted = name === 'frames' && head.facts.container === 'fmp4';
        if (!uncounted && video[name] !== head.facts[name]) throw disagree(name, video[name], head.facts[name]);
      }
      return { ...head.facts, closedGop: video.closedGop };
    }
  }
}

function checkSize(event: { width: number; height: number }, payload: { width: number; height: number }): void {
  const size = (each: typeof event) => `${each.width}x${each.height}`;
  if (size(event) !== size(payload)) throw disagree('size', size(event), size(payload));
}

function checkedLengths(event: RenditionReady, lengths: readonly number[], frames: number): readonly number[] {
  if (lengths.length !== frames) throw disagree('frames', frames, lengths.length);
  const sum = lengths.reduce((total, each) => total + each, 0);
  if (sum !== event.bytes) throw disagree('bytes', event.bytes, `${sum} in its frames`);
  return lengths;
}

/** One picture: JPEG Baseline unless it was made for HTJ2K or uncompressed (PS3.5 8.2.1, 8.2.14, A.2). */
function decideStill(event: RenditionReady, sopClassUid: string, head: Head): Payload {
  const uid = event.transferSyntaxUid ?? TransferSyntaxUid.jpegBaseline;
  const transferSyntax = transferSyntaxes.get(uid);
  const sopClass = sopClasses.get(sopClassUid);
  if (!transferSyntax || !sopClass) throw inputError('no-transfer-syntax', `A still is not stored in ${uid}`);
  const { allowed, rule } = pairing(sopClass, transferSyntax);
  const { picture } = event;
  const wanted = transferSyntax.codec === 'none' ? 'unread' : transferSyntax.codec;
  const own = head.kind === 'unread' ? picture : head.kind === wanted ? head.facts : undefined;
  if (!allowed || head.kind !== wanted || !own) {
    const why = allowed ? `it holds ${transferSyntax.codec}, the payload is ${head.kind}` : rule;
    throw inputError('no-transfer-syntax', `A still is not stored in ${transferSyntax.name}: ${why}`);
  }
  if (picture) checkSize(picture, own);
  const raw = own.width * own.height * 3;
  if (head.kind === 'unread' && event.bytes !== raw) throw disagree('bytes', event.bytes, `${raw} for its size in RGB`);
  if (head.kind === 'jpeg') checkBaseline(head.facts);
  if (head.kind === 'htj2k') checkCodeStream(head.facts, transferSyntax);
  return {
    sopClassUid,
    transferSyntax,
    shape: head.kind === 'unread' ? event.bytes : { frameLengths: [event.bytes] },
    width: own.width,
    height: own.height,
    bitDepth: 8,
    ...interpretation(head),
    ...(head.kind === 'unread' ? { lossless: true } : {}),
  };
}

/** Transfer syntax .50 is process 1: baseline, eight bits, three components here (PS3.5 8.2.1). */
function checkBaseline(facts: JpegFacts): void {
  if (facts.baseline && facts.bitDepth === 8 && facts.components === 3) return;
  const what = `${facts.baseline ? 'baseline' : 'not baseline'}, ${facts.bitDepth} bits, ${facts.components} components`;
  throw inputError(
    'no-transfer-syntax',
    `JPEG Baseline holds eight bits and three components here, the still is ${what} (PS3.5 8.2.1)`,
  );
}

/** Eight bits and three components here; .201 and .202 only what is reversible, .202 in RPCL order with TLM (PS3.5 10.18). */
function checkCodeStream(facts: Htj2kFacts, syntax: TransferSyntax): void {
  const rpcl = syntax.uid === TransferSyntaxUid.htj2kLosslessRpcl;
  const broken = [
    ...(facts.highThroughput ? [] : ['is plain JPEG 2000, not HTJ2K']),
    ...(facts.bitDepth === 8 ? [] : [`has ${facts.bitDepth} bits, eight are written here`]),
    ...(facts.components === 3 ? [] : [`has ${facts.components} components, three are written here`]),
    ...(syntax.lossless && !facts.reversible ? ['is not reversible'] : []),
    ...(rpcl && (facts.progression !== 'RPCL' || !facts.tileLengths) ? ['has no RPCL order with TLM'] : []),
  ];
  if (broken.length === 0) return;
  throw inputError(
    'no-transfer-syntax',
    `The code stream ${broken.join(', ')}: ${syntax.name} does not hold it (${syntax.citation})`,
  );
}
