import { AV_PKT_DATA_DISPLAYMATRIX } from 'node-av/constants';
import type { Stream } from 'node-av/lib';

/** How a coded picture is turned before it is shown. */
export interface Turn {
  /** FFmpeg's filters for it. */
  readonly filter: string;
  /** By a quarter: width becomes height. */
  readonly swaps: boolean;
}

/**
 * What the matrix of a container (ISO/IEC 14496-12 8.3.2.3) or the orientation of a JPEG (EXIF 2.3, tag 274) asks for, as
 * FFmpeg hands both out: nine numbers of 32 bits, little endian. Quarter turns and mirrors, as `ffmpeg -autorotate` makes
 * them; null where the picture is shown as it is coded.
 */
export function turnOf(matrix: Buffer | null | undefined): Turn | null {
  if (!matrix) return null;
  const [a, b, c, d] = [0, 4, 12, 16].map((at) => matrix.readInt32LE(at)) as [number, number, number, number];
  const quarters = (Math.round(Math.atan2(b, a) / (Math.PI / 2)) + 4) % 4;
  if (quarters === 1) return { filter: `transpose=${c > 0 ? 'cclock_flip' : 'clock'}`, swaps: true };
  if (quarters === 3) return { filter: `transpose=${c < 0 ? 'clock_flip' : 'cclock'}`, swaps: true };
  const filter = [...(quarters === 2 ? ['hflip'] : []), ...(d < 0 ? ['vflip'] : [])].join(',');
  return filter === '' ? null : { filter, swaps: false };
}

/** As `turnOf`, of what the container says of a stream. */
export const turnOfStream = ({ codecpar }: Pick<Stream, 'codecpar'>): Turn | null =>
  turnOf(codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX));

/** Width and height as the pictures of a stream are shown. */
export function shownSize(stream: Pick<Stream, 'codecpar'>): { width: number; height: number } {
  const { width, height } = stream.codecpar;
  return turnOfStream(stream)?.swaps ? { width: height, height: width } : { width, height };
}
