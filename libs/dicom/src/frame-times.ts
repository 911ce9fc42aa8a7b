/** Longest value of an element with a length of 16 bits (PS3.5 7.1.2): even. */
export const MAX_SHORT_VALUE = 0xfffe;

/**
 * Frame Time Vector (0018,1065), PS3.3 C.7.6.5: milliseconds from the frame before, the first is 0. To the microsecond,
 * and less finely where that lets a long film keep its value representation; rounded so that the sum never drifts.
 */
export function frameTimeVector(timesMs: readonly number[]): string[] {
  for (const decimals of [3, 2, 1, 0]) {
    const vector = rounded(timesMs, decimals);
    if (vector.join('\\').length <= MAX_SHORT_VALUE) return vector;
  }
  return rounded(timesMs, 3);
}

function rounded(timesMs: readonly number[], decimals: number): string[] {
  const scale = 10 ** decimals;
  let at = 0;
  let written = 0;
  return timesMs.map((each) => {
    at += each * scale;
    const step = Math.round(at) - written;
    written += step;
    return String(step / scale);
  });
}
