import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoFacts } from '@smartbox/contracts';
import { encodingLimits, forbids, MAX_FRAGMENT_LENGTH, type TransferSyntax } from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import { probe, remux, splitAtKeyframes, transcode, videoFacts } from '@smartbox/media/native';
import type { SyntaxAnswer, SyntaxAsk, SyntaxPiece } from '../domain/syntax-jobs.ts';

export interface SyntaxWork {
  ask: SyntaxAsk;
  syntax: TransferSyntax;
  /** Of the input. */
  facts: VideoFacts;
  signal: AbortSignal;
  onPercent: (percent: number) => void;
}
export type SyntaxMade = Omit<SyntaxAnswer, 'durationMs'> & { durationMs?: number };

/** Frames compared with what the encoder was given, evenly spread: decoding them again is what it costs. */
const COMPARED = 300;

/** A video as one bit stream: as it is where the syntax holds it, coded anew where not; cut where it is too long. */
export async function streamFor({ ask, syntax, facts, signal, onPercent }: SyntaxWork): Promise<SyntaxMade> {
  const limit = Math.min(ask.maxBytes ?? Infinity, syntax.fragmentable ? Infinity : MAX_FRAGMENT_LENGTH);
  const reasons = forbids(syntax.uid, facts);
  if (reasons.length === 0) {
    const whole: SyntaxPiece = { facts, firstFrame: 0 };
    const pieces = ask.bytes <= limit ? [whole] : await cut(ask.input, limit, ask.folder);
    return { pieces, mode: 'same', lossless: true };
  }
  const reason = reasons.map((each) => each.message).join('; ');
  if (reasons.every(({ rule }) => rule === 'container' || rule === 'audio')) {
    const path = join(ask.folder, facts.codec === 'mpeg2video' ? 'remuxed.ts' : 'remuxed.mp4');
    await remux(ask.input, path);
    const own = videoFacts(await probe(path));
    if (forbids(syntax.uid, own).length === 0) {
      return { pieces: await whole(path, own, limit, ask.folder), mode: 'same', reason, lossless: true };
    }
  }
  const limits = encodingLimits(syntax.uid, facts.frameRate);
  if (!limits) throw inputError('no-encoder', `nothing is encoded for ${syntax.name} here`);
  const path = join(ask.folder, limits.target.startsWith('mpeg2') ? 'coded.ts' : 'coded.mp4');
  const { encoder, durationMs, closeness, notes } = await transcode({
    input: ask.input,
    output: path,
    ...limits,
    encoder: ask.encoder ?? 'auto',
    compare: COMPARED,
    signal,
    onProgress: ({ frames, totalFrames }) => onPercent(totalFrames ? (100 * frames) / totalFrames : 0),
  });
  const coded = videoFacts(await probe(path));
  const against = forbids(syntax.uid, coded);
  if (against.length > 0) {
    throw inputError(
      'no-transfer-syntax',
      `what was encoded does not fit: ${against.map((r) => r.message).join('; ')}`,
    );
  }
  const pieces = await whole(path, coded, limit, ask.folder);
  const made = { pieces, mode: 'encoded' as const, encoder, reason, notes, lossless: false, durationMs };
  return closeness ? { ...made, closeness } : made;
}

async function whole(path: string, facts: VideoFacts, limit: number, folder: string): Promise<SyntaxPiece[]> {
  const { size } = await stat(path);
  return size <= limit ? [{ path, facts, firstFrame: 0 }] : cut(path, limit, folder);
}

/** @throws SmartBoxError `gop-too-large`: there is no keyframe to cut at */
async function cut(input: string, limit: number, folder: string): Promise<SyntaxPiece[]> {
  const made = await splitAtKeyframes(input, limit, (index) => join(folder, `piece-${index + 1}`));
  const pieces: SyntaxPiece[] = [];
  let firstFrame = 0;
  for (const { path, frames } of made) {
    pieces.push({ path, facts: videoFacts(await probe(path)), firstFrame });
    firstFrame += frames;
  }
  return pieces;
}
