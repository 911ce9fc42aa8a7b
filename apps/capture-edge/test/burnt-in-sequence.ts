import { decodeFrames } from '@smartbox/media/native';

/** The digits of the kernel's font VGA 8x16 (lib/fonts/font_8x16.c), rows 2 to 11: nothing is in the others. */
const DIGITS = [
  '386cc6c6d6d6c6c66c38',
  '1838781818181818187e',
  '7cc6060c183060c0c6fe',
  '7cc606063c060606c67c',
  '0c1c3c6cccfe0c0c0c1e',
  'fec0c0c0fc060606c67c',
  '3860c0c0fcc6c6c6c67c',
  'fec606060c1830303030',
  '7cc6c6c67cc6c6c6c67c',
  '7cc6c6c67e0606060c78',
].map((hex) => Buffer.from(hex, 'hex'));
/** ` hh:mm:ss:mmm ` stands before it, from x = 16 and y = 16 (vivid_fillbuff in vivid-kthread-cap.c). */
const [LEFT, TOP] = [16 + 14 * 8, 16];

export interface Numbered {
  /** V4L2's number of the picture, as the driver has written it into it; null where it cannot be read. */
  readonly sequence: number | null;
  /** Ticks of 90 kHz. */
  readonly pts: number;
}

/** Reads the number that the kernel's virtual camera has written into every picture. */
export async function burntInSequence(path: string): Promise<Numbered[]> {
  const numbers: Numbered[] = [];
  await decodeFrames(path, ({ frame, pts, width }) => {
    const [luma] = frame.data ?? [];
    const stride = frame.linesize[0] ?? width;
    let text = '';
    for (let left = LEFT; luma && left + 8 <= width; left += 8) {
      const digit = readDigit(luma, stride, left);
      if (digit === null) break;
      text += digit;
    }
    numbers.push({ sequence: text === '' ? null : Number(text), pts });
  });
  return numbers;
}

function readDigit(luma: Buffer, stride: number, left: number): number | null {
  const rows = Array.from({ length: 10 }, (_, row) => {
    const start = (TOP + 2 + row) * stride + left;
    return luma.subarray(start, start + 8).reduce((bits, value) => bits * 2 + (value > 128 ? 1 : 0), 0);
  });
  const wrong = DIGITS.map((digit) => rows.reduce((sum, row, i) => sum + bitCount(row ^ (digit[i] ?? 0)), 0));
  const best = Math.min(...wrong);
  return best <= 4 ? wrong.indexOf(best) : null;
}

const bitCount = (value: number): number => value.toString(2).replaceAll('0', '').length;
