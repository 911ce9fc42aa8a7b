import { inputError } from '@smartbox/kernel';
import type { Dataset } from './dataset.ts';
import { pairing } from './matrix.ts';
import * as m from './modules.ts';
import type { ImageInput, ObjectContext, VideoInput } from './object-input.ts';
import { isAllowed, sopClasses, type SopClass } from './sop-classes.ts';
import { transferSyntaxes, type TransferSyntax } from './transfer-syntaxes.ts';

/**
 * Attributes of a Video Endoscopic, Microscopic or Photographic Image (PS3.3 A.32.5 to A.32.7) or of a Multi-frame
 * True Color Secondary Capture Image (A.8.5), without Pixel Data.
 * Throws `SmartBoxError` (input) for a value the standard does not allow, without quoting patient data.
 */
export function buildVideo(
  sopClassUid: string,
  transferSyntaxUid: string,
  context: ObjectContext,
  video: VideoInput,
): Dataset {
  const { sopClass, syntax } = choose(sopClassUid, transferSyntaxUid, ['video', 'secondary-capture']);
  checkVideo(video);
  const kind = sopClass.kind === 'video' ? m.vlModule(video) : m.secondaryCaptureModule(video);
  return {
    ...shared(context, video, sopClass),
    ...m.cineModule(video),
    ...m.pixelModule(video, syntax, video.frames),
    ...kind,
  };
}

/** Attributes of a VL Endoscopic, Microscopic or Photographic Image (PS3.3 A.32.1, A.32.2, A.32.4), without Pixel Data. */
export function buildStill(
  sopClassUid: string,
  transferSyntaxUid: string,
  context: ObjectContext,
  image: ImageInput,
): Dataset {
  const { sopClass, syntax } = choose(sopClassUid, transferSyntaxUid, ['still']);
  checkImage(image);
  return { ...shared(context, image, sopClass), ...m.pixelModule(image, syntax, 1), ...m.vlModule(image) };
}

function shared(context: ObjectContext, image: ImageInput, sopClass: SopClass): Dataset {
  return {
    ...m.sopCommonModule(context, image, sopClass),
    ...m.patientModule(context),
    ...m.studyModule(context),
    ...m.seriesModule(context, sopClass),
    ...m.equipmentModule(context),
    ...m.imageModule(context, image),
  };
}

function choose(
  sopClassUid: string,
  transferSyntaxUid: string,
  kinds: readonly SopClass['kind'][],
): { sopClass: SopClass; syntax: TransferSyntax } {
  const sopClass = sopClasses.get(sopClassUid);
  if (!sopClass || !kinds.includes(sopClass.kind)) {
    throw inputError(
      'unsupported-sop-class',
      `SOP class "${sopClassUid}" is not a ${kinds.join(' or ')} class of SmartBox`,
    );
  }
  const syntax = transferSyntaxes.get(transferSyntaxUid);
  if (!syntax || !isAllowed(sopClassUid, transferSyntaxUid)) {
    throw inputError(
      'unsupported-transfer-syntax',
      `${sopClass.name} is not written in transfer syntax "${transferSyntaxUid}"${syntax ? `: ${pairing(sopClass, syntax).rule}` : ''}`,
    );
  }
  return { sopClass, syntax };
}

function checkImage(image: ImageInput): void {
  const { rows, columns, payloadLength } = image;
  const side = (value: number) => Number.isInteger(value) && value > 0 && value <= 0xffff;
  if (!side(rows) || !side(columns)) {
    throw inputError(
      'invalid-image-size',
      `Rows and columns go from 1 to 65535, got ${rows}x${columns} (PS3.3 C.7.6.3.1)`,
    );
  }
  if (!Number.isSafeInteger(payloadLength) || payloadLength <= 0) {
    throw inputError('empty-payload', `A payload has at least one byte, got ${payloadLength}`);
  }
}

function checkVideo(video: VideoInput): void {
  checkImage(video);
  const { frames, frameRate, frameTimesMs } = video;
  // IS holds up to 2^31 - 1 (PS3.5 6.2)
  if (!Number.isInteger(frames) || frames < 1 || frames > 0x7fff_ffff) {
    throw inputError('invalid-frame-count', `NumberOfFrames is counted and at least 1, got ${frames} (PS3.3 C.7.6.6)`);
  }
  const fps = frameRate.num / frameRate.den;
  if (!(fps >= 0.001 && fps <= 1000)) {
    throw inputError(
      'invalid-frame-rate',
      `A frame rate goes from 0.001 to 1000, got ${frameRate.num}/${frameRate.den}`,
    );
  }
  if (frameTimesMs && frameTimesMs.length !== frames) {
    throw inputError(
      'invalid-frame-times',
      `A frame time vector has one value per frame, got ${frameTimesMs.length} for ${frames}`,
    );
  }
}
