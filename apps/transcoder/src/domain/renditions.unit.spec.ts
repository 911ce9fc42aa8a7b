import type { ClipSaved } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsOf, posterTimeMs, spriteCount, tasksOfClip } from './renditions.ts';

const recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs', 'poster', 'sprite'],
  destinations: ['pacs'],
} as const;

const source = (sourceId: string, pacs: boolean) => ({
  sourceId,
  key: `clips/01J00000000000000000000000/${sourceId}/source.mp4`,
  bytes: 10,
  sha256: 'a'.repeat(64),
  durationMs: 120_000,
  startedAt: '2026-01-01T10:00:00.000Z',
  pacs,
});

const clip = {
  clipId: '01J00000000000000000000000',
  stationId: 'or-1',
  procedureId: '01J00000000000000000000001',
  recipe,
  sources: [source('endoscope', true), source('room', false)],
} as unknown as ClipSaved;

describe('tasks of a clip', () => {
  it('makes the posters first and sends only the sources meant for the PACS', () => {
    expect(tasksOfClip(clip).map((task) => `${task.rendition}:${task.origin.sourceId}`)).toEqual([
      'poster:endoscope',
      'poster:room',
      'pacs:endoscope',
      'sprite:endoscope',
      'sprite:room',
    ]);
  });

  it('makes a poster beside what goes to the PACS, and sprites alone at the end', () => {
    const groups = groupsOf(tasksOfClip(clip)).map((group) =>
      group.map((task) => `${task.rendition}:${task.origin.sourceId}`),
    );
    expect(groups).toEqual([
      ['poster:endoscope', 'pacs:endoscope'],
      ['poster:room'],
      ['sprite:endoscope'],
      ['sprite:room'],
    ]);
  });

  it('gives every task a key of its own, the same each time', () => {
    const keys = tasksOfClip(clip).map((task) => task.output.key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(tasksOfClip(clip).map((task) => task.output.key)).toEqual(keys);
  });
});

describe('sprites and posters', () => {
  it('stay within the clip and within one sheet, however long it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 4 * 3_600_000, noNaN: true }), (durationMs) => {
        const count = spriteCount(durationMs);
        expect(count).toBeGreaterThan(0);
        expect(count).toBeLessThanOrEqual(100);
        expect(posterTimeMs(durationMs)).toBeLessThan(durationMs);
      }),
    );
  });
});
