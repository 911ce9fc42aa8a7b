import { describe, expect, it } from 'vitest';
import { conversionNotes, type CodedPicture } from './conversion-notes.ts';
import { planVideo, type PlanSource, type VideoTarget } from './video-target.ts';

const square = { num: 1, den: 1 };
const notesOf = (
  target: VideoTarget,
  source: PlanSource,
  coded: CodedPicture = { ...source, sampleAspect: square, turn: null },
) => conversionNotes(planVideo(target, source), source, coded);

describe('what re-encoding changed', () => {
  it('is nothing where size, samples and rate stay', () => {
    expect(notesOf('h264', { width: 1280, height: 720, frameRate: { num: 25, den: 1 } })).toEqual([]);
    expect(notesOf('hevc-main', { width: 3840, height: 2160, frameRate: { num: 30_000, den: 1001 } })).toEqual([]);
  });

  it('names an odd size that was made even', () => {
    const source = { width: 640, height: 358, frameRate: { num: 25, den: 1 } };
    const coded = { width: 641, height: 359, sampleAspect: square, turn: null };
    expect(notesOf('h264', source, coded)).toEqual(['the picture of 641x359 was scaled to 640x358']);
  });

  it('names samples that became square', () => {
    const source = { width: 768, height: 576, frameRate: { num: 25, den: 1 } };
    const coded = { width: 720, height: 576, sampleAspect: { num: 16, den: 15 }, turn: null };
    expect(notesOf('h264', source, coded)).toEqual([
      'the picture of 720x576 with samples of 16:15 was scaled to 768x576 with samples of 1:1',
    ]);
  });

  it('names the black that a fixed format has around a picture of another shape, and the rate', () => {
    const source = { width: 960, height: 720, frameRate: { num: 20, den: 1 } };
    expect(notesOf('h264-bluray', source)).toEqual([
      'black fills the frame of 1280x720',
      '20 frames a second became 23.98: frames were repeated',
    ]);
    expect(notesOf('hevc-main', { width: 3840, height: 2160, frameRate: { num: 120, den: 1 } })).toEqual([
      '120 frames a second became 60: frames were left out',
    ]);
  });
});
