import type { RenditionReady } from '@smartbox/contracts';
import {
  fitTransferSyntax,
  SopClassUid,
  TransferSyntaxUid,
  type JpegFacts,
  type Mp4Facts,
  type SopClassName,
  type VideoFacts,
} from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';

/** What the payload's own headers say; undefined for a container whose headers are not read (MPEG-TS). */
export type Head = { kind: 'mp4'; facts: Mp4Facts } | { kind: 'jpeg'; facts: JpegFacts } | { kind: 'unread' };

export type Payload =
  | { kind: 'video'; sopClassUid: string; transferSyntaxUid: string; facts: VideoFacts }
  | { kind: 'still'; sopClassUid: string; transferSyntaxUid: string; facts: JpegFacts };

const classes: Record<string, SopClassName> = {
  'video-endoscopic': 'videoEndoscopic',
  'video-microscopic': 'videoMicroscopic',
  'video-photographic': 'videoPhotographic',
  'vl-endoscopic': 'vlEndoscopic',
  'vl-microscopic': 'vlMicroscopic',
  'vl-photographic': 'vlPhotographic',
};

function sopClass(name: string): string {
  const known = classes[name];
  if (!known)
    throw inputError(
      'unknown-sop-class',
      `The recipe's SOP class "${name}" is not one of ${Object.keys(classes).join(', ')}`,
    );
  return SopClassUid[known];
}

/**
 * Decides how a rendition is stored: SOP class from the recipe, transfer syntax from the facts, both against what the
 * payload itself says.
 * @throws SmartBoxError `no-transfer-syntax` with the rules that forbid every syntax, `facts-disagree`
 */
export function decidePayload(event: RenditionReady, head: Head): Payload {
  const { dicom } = event.origin.recipe;
  if (event.rendition === 'still') return decideStill(event, sopClass(dicom.stillSopClass), head);
  const sopClassUid = sopClass(dicom.videoSopClass);
  const facts = videoFacts(event, head);
  const fit = fitTransferSyntax(facts, { payloadLength: event.bytes, sopClassUid });
  if (!fit.fits) {
    const why = fit.reasons.map((each) => `${each.message} (${each.citation})`).join('; ');
    throw inputError('no-transfer-syntax', `No DICOM transfer syntax holds this stream: ${why}`, {
      nearest: fit.nearest,
    });
  }
  return { kind: 'video', sopClassUid, transferSyntaxUid: fit.uid, facts };
}

function disagree(what: string, event: unknown, payload: unknown): SmartBoxError {
  return new SmartBoxError({
    code: 'facts-disagree',
    fault: 'ours',
    message: `The rendition was announced with ${what} ${String(event)}, its payload says ${String(payload)}`,
  });
}

/** The payload's own word where it can be read; the event only adds what no header says. */
function videoFacts(event: RenditionReady, head: Head): VideoFacts {
  const { video } = event;
  if (!video)
    throw inputError('no-video-facts', `The ${event.rendition} rendition was announced without facts about its stream`);
  if (head.kind === 'jpeg') throw disagree('codec', video.codec, 'jpeg');
  if (head.kind === 'unread') return video;
  // Profile and level are the payload's to say; these name the stream that was announced.
  for (const name of ['codec', 'width', 'height', 'frames'] as const) {
    const uncounted = name === 'frames' && head.facts.container === 'fmp4';
    if (!uncounted && video[name] !== head.facts[name]) throw disagree(name, video[name], head.facts[name]);
  }
  return { ...head.facts, closedGop: video.closedGop };
}

/** Transfer syntax .50 is process 1: baseline, eight bits, three components here (PS3.5 8.2.1). */
function decideStill(event: RenditionReady, sopClassUid: string, head: Head): Payload {
  if (head.kind !== 'jpeg') throw inputError('no-transfer-syntax', 'A still is stored as JPEG, the payload is none');
  const { facts } = head;
  const { picture } = event;
  if (picture && (picture.width !== facts.width || picture.height !== facts.height)) {
    throw disagree('size', `${picture.width}x${picture.height}`, `${facts.width}x${facts.height}`);
  }
  if (!facts.baseline || facts.bitDepth !== 8 || facts.components !== 3) {
    const what = `${facts.baseline ? 'baseline' : 'not baseline'}, ${facts.bitDepth} bits, ${facts.components} components`;
    throw inputError(
      'no-transfer-syntax',
      `JPEG Baseline holds eight bits and three components here, the still is ${what} (PS3.5 8.2.1)`,
    );
  }
  return { kind: 'still', sopClassUid, transferSyntaxUid: TransferSyntaxUid.jpegBaseline, facts };
}
