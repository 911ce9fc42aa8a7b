import { describe, expect, it } from 'vitest';
import { refusedLicences, type Component } from './licences.ts';

const part = (name: string, licenses?: Component['licenses']): Component => ({
  name,
  version: '1.0.0',
  purl: `pkg:npm/${encodeURIComponent(name)}@1.0.0`,
  ...(licenses ? { licenses } : {}),
});

describe('the licences of what SmartBox is made of', () => {
  it('are named, and of a kind that may be handed on', () => {
    const fine = [
      part('a', [{ license: { id: 'MIT' } }]),
      part('b', [{ expression: '(GPL-3.0-only OR Apache-2.0)' }]),
      part('c', [{ expression: '(MIT AND Zlib)' }]),
      part('seq-queue'),
      { ...part('buffer'), purl: 'pkg:npm/%40smartbox/buffer@0.1.0' },
    ];
    expect(refusedLicences(fine)).toEqual([]);
  });

  it.each([
    [part('viral', [{ license: { id: 'AGPL-3.0-only' } }]), 'viral 1.0.0 is under "AGPL-3.0-only"'],
    [part('both', [{ expression: 'MIT AND GPL-2.0-only' }]), 'both 1.0.0 is under "MIT AND GPL-2.0-only"'],
    [part('silent'), 'silent 1.0.0 names no licence'],
  ])('are refused otherwise: %#', (component, line) => {
    expect(refusedLicences([component])).toEqual([expect.stringContaining(line)]);
  });
});
