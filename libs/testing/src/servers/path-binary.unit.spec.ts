import { describe, expect, it } from 'vitest';
import { compareVersions } from './path-binary.ts';

describe('compareVersions', () => {
  it.each([
    ['2.12.7', '2.12.7', 0],
    ['2.9.10', '2.12.7', -1],
    ['2.12.10', '2.12.7', 1],
    ['3.0', '2.99.99', 1],
    ['4.48', '4.48.0', 0],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});
