/**
 * The machine-readable frame counter of the synthetic source.
 *
 * Layout (so that other code, also in a browser, can read it):
 * - The unit is a cell of `width / 80` luma samples, square. The code's top left corner is at cell (2, 2).
 * - 22 columns x 2 rows of cells. Column 0 is sync: white in row 0, black in row 1. Column 21 is sync: black in
 *   row 0, white in row 1. Columns 1-20 carry 20 bits per row, most significant first, white = 1.
 * - The 40 bits are `counter` (32 bits, unsigned) followed by CRC-8 of its four big-endian bytes
 *   (polynomial 0x07, initial value 0x55).
 * - White is luma 235, black luma 16, chroma neutral; a margin of one cell around the code is luma 126.
 * A reader takes the mean luma around each cell's centre, compares it with 126, and trusts the number only when all
 * four sync cells and the CRC are right. All positions follow the width, so a scaled picture reads the same.
 */
export const COUNTER_COLUMNS = 22;
export const COUNTER_ROWS = 2;
const ORIGIN = 2;
const THRESHOLD = 126;

/** Smallest picture width whose code survives H.264: a cell is four samples. */
export const MIN_COUNTER_WIDTH = 320;

/** Left or top edge of cell `index` in samples. */
export function cellEdge(index: number, width: number): number {
  return Math.round(((index + ORIGIN) * width) / 80);
}

/** CRC-8 of the counter's four big-endian bytes. */
export function counterCrc(counter: number): number {
  let crc = 0x55;
  for (let shift = 24; shift >= 0; shift -= 8) {
    crc ^= (counter >>> shift) & 0xff;
    for (let i = 0; i < 8; i++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}

/** Is the cell at (column, row) white for this counter? */
export function counterCell(counter: number, column: number, row: number): boolean {
  if (column === 0) return row === 0;
  if (column === COUNTER_COLUMNS - 1) return row === 1;
  const bit = 39 - (row * 20 + column - 1);
  return bit >= 8 ? ((counter >>> (bit - 8)) & 1) === 1 : ((counterCrc(counter) >>> bit) & 1) === 1;
}

/**
 * Reads the counter through any luma source: `luma(x, y)` in samples of a picture `width` wide.
 * Null when the picture has no (readable) counter.
 */
export function decodeFrameCounter(width: number, luma: (x: number, y: number) => number): number | null {
  const cells: boolean[] = [];
  for (let row = 0; row < COUNTER_ROWS; row++)
    for (let column = 0; column < COUNTER_COLUMNS; column++) {
      const x = cellEdge(column, width);
      const y = cellEdge(row, width);
      const size = cellEdge(column + 1, width) - x;
      const step = Math.max(1, size >> 2);
      let sum = 0;
      for (let dy = 1; dy <= 3; dy++) for (let dx = 1; dx <= 3; dx++) sum += luma(x + dx * step, y + dy * step);
      cells.push(sum / 9 > THRESHOLD);
    }
  const last = COUNTER_COLUMNS - 1;
  if (!cells[0] || cells[last] || cells[COUNTER_COLUMNS] || !cells[COUNTER_COLUMNS + last]) return null;
  let counter = 0;
  let crc = 0;
  for (let bit = 39; bit >= 0; bit--) {
    const index = 39 - bit;
    const white = cells[Math.floor(index / 20) * COUNTER_COLUMNS + 1 + (index % 20)] ? 1 : 0;
    if (bit >= 8) counter = ((counter << 1) | white) >>> 0;
    else crc = (crc << 1) | white;
  }
  return counterCrc(counter) === crc ? counter : null;
}

/** Reads the counter from a decoded picture's luma plane. Null when there is none or it is damaged. */
export function readFrameCounter(yPlane: Uint8Array, stride: number, width: number, height: number): number | null {
  if (width < 160 || cellEdge(COUNTER_ROWS, width) > height) return null;
  return decodeFrameCounter(width, (x, y) => yPlane[y * stride + x] ?? 0);
}
