import type { Derivation, LossyCompression, RenditionReady } from '@smartbox/contracts';
import { compressionRatio, transferSyntaxes, transferSyntaxName, type TransferSyntax } from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import type { SyntaxAnswer, SyntaxPiece } from './syntax-jobs.ts';

/** What follows from how a piece was made. */
export type SyntaxFacts = Pick<
  RenditionReady,
  'mode' | 'transferSyntaxUid' | 'derivation' | 'lossyHistory' | 'compression' | 'video' | 'picture'
>;

/** Type and ending of what is kept: by the payload, so that a browser can show what it knows. */
export function fileOf(uid: string, { facts }: SyntaxPiece): { extension: string; contentType: string } {
  const { codec, layout } = syntaxOf(uid);
  if (layout === 'native') return { extension: 'rgb', contentType: 'application/octet-stream' };
  if (codec === 'jpeg') return { extension: 'jpg', contentType: 'image/jpeg' };
  if (codec === 'htj2k') return { extension: 'j2c', contentType: 'image/j2c' };
  return facts.container === 'mpegts'
    ? { extension: 'ts', contentType: 'video/mp2t' }
    : { extension: 'mp4', contentType: 'video/mp4' };
}

function syntaxOf(uid: string): TransferSyntax {
  const syntax = transferSyntaxes.get(uid);
  if (!syntax) throw inputError('unknown-transfer-syntax', `"${uid}" is no transfer syntax we write`);
  return syntax;
}

/**
 * How a piece came about. What was only cut or put into another container is as captured; what was coded anew is derived
 * (PS3.3 C.7.6.1.1.2), with this loss behind all earlier ones.
 * @param earlier losses of the input, oldest first
 */
export function syntaxFacts(
  uid: string,
  kind: 'clip' | 'still',
  answer: SyntaxAnswer,
  piece: SyntaxPiece,
  bytes: number,
  earlier: readonly LossyCompression[],
): SyntaxFacts {
  const syntax = syntaxOf(uid);
  const { width, height } = piece.facts;
  const shape = kind === 'still' ? { picture: { width, height } } : { video: piece.facts };
  if (answer.mode === 'same') {
    const mode = piece.path === undefined ? ('passthrough' as const) : ('encoded' as const);
    return { mode, transferSyntaxUid: uid, lossyHistory: [...earlier], ...shape };
  }
  const ratio = compressionRatio(piece.facts, bytes);
  const own = !answer.lossless && syntax.lossyMethod ? [{ method: syntax.lossyMethod, ratio }] : [];
  const derivation: Derivation = {
    description: [`Coded anew in ${transferSyntaxName(uid)}: ${answer.reason ?? 'asked for'}`, ...(answer.notes ?? [])]
      .join('; ')
      .slice(0, 1024),
    codes: own.length > 0 ? [{ code: '113040', scheme: 'DCM', meaning: 'Lossy Compression' }] : [],
    lossyHistory: [...earlier, ...own],
  };
  const { closeness, durationMs } = answer;
  const compression = { ratio, durationMs, ...closeness };
  return { mode: 'encoded', transferSyntaxUid: uid, derivation, compression, ...shape };
}
