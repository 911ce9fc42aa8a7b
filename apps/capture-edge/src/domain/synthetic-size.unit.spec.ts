import { expect, it } from 'vitest';
import { chooseSize } from './synthetic-size.ts';

it.each([
  ['two sources on two cores leave room', 5, 2, 60, 720],
  ['many cores carry 1080p', 6, 8, 60, 1080],
  ['a slow machine gets less', 30, 2, 60, 540],
])('%s', (_, cpuMs, cores, fps, height) => {
  expect(chooseSize(cpuMs, cores, fps).height).toBe(height);
});
