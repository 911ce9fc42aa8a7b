import { CreateEdit, Redaction } from '@smartbox/contracts';
import { RECIPES } from '@smartbox/media/native';
import { describe, expect, it } from 'vitest';
import { beginAt, endWith, keptSpans, moveEdge, newDraft, removePart, splitAt } from './film.ts';
import type { Region } from './film.ts';
import { plotOf } from './plot.ts';
import { isSlow, recipeNames, settings, sliders, startingPoints } from './recipes.ts';
import { editWish, redactionsOf, sourceName, spansOf } from './request.ts';

const clipId = '01JD0000000000000000001001';

describe('what the server is asked for', () => {
  it('is an edit that it counts as the editor did', () => {
    let draft = newDraft(sourceName(clipId, 'cam'), 900);
    draft = endWith(beginAt(draft, 100), 799);
    draft = removePart(splitAt(splitAt(draft, 300), 500), { from: 300, to: 500 });
    draft = moveEdge(draft, { from: 500, to: 800 }, 'from', 450);
    const asked = editWish(draft, { sourceId: 'cam', look: undefined, name: '  ', destinations: [] });
    const { sources, steps } = CreateEdit.parse({ ...asked, renditionId: clipId });
    expect(asked).not.toHaveProperty('name');
    expect(sources).toEqual([{ sourceId: 'cam' }]);
    expect(steps.at(-1)).toEqual({ kind: 'insert', at: 200, range: { source: `${clipId}/cam`, from: 450, to: 500 } });
    const spans = spansOf({ sources: [{ clipId, sourceId: 'cam', frames: 900 }], steps });
    expect(spans).toMatchObject([
      { from: 100, to: 300 },
      { from: 450, to: 800 },
    ]);
    expect(spans?.map(({ from, to }) => ({ from, to }))).toEqual(keptSpans(draft));
  });

  it('hides what is left of a region, counted in frames of what is exported', () => {
    const rect = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
    const region = (from: number, to: number, more: Partial<Region> = { rect }): Region => ({
      id: `${from}`,
      how: 'blur',
      from,
      to,
      ...more,
    });
    const spans = [
      { from: 100, to: 200 },
      { from: 300, to: 400 },
    ];
    const asked = redactionsOf([region(0, 900), region(150, 350), region(200, 300), region(390, 900, {})], spans, 200);
    expect(asked).toEqual([
      { how: 'blur', region: rect },
      { how: 'blur', region: rect, frames: { from: 50, to: 150 } },
      { how: 'blur', frames: { from: 190, to: 200 } },
    ]);
    for (const one of asked) expect(Redaction.parse(one)).toEqual(one);
  });
});

describe('recipes', () => {
  it('start where the server’s do', () => {
    expect([...recipeNames].sort()).toEqual(Object.keys(RECIPES).sort());
    for (const name of recipeNames) {
      const server = RECIPES[name];
      for (const setting of settings) {
        expect([name, setting, startingPoints[name][setting]]).toEqual([name, setting, server[setting]]);
        expect(server[setting]).toBeGreaterThanOrEqual(sliders[setting].min);
        expect(server[setting]).toBeLessThanOrEqual(sliders[setting].max);
      }
      expect(isSlow(name)).toBe(server.denoiser === 'nlmeans');
    }
  });
});

describe('the curve of the quality', () => {
  const reportOf = (psnr: (number | null)[]) => ({
    psnr: { average: 40, min: 30 },
    ssim: { average: 0.98, min: 0.9 },
    xpsnr: { average: 40, min: 30 },
    frames: { reference: psnr.length, distorted: psnr.length, compared: psnr.length },
    identicalFrames: 0,
    repeatedFrames: 0,
    blackFrames: 0,
    worstFrame: 0,
    thresholds: { psnr: 35, ssim: 0.95 },
    passed: true,
    notes: [],
    curve: psnr.map((value, frame) => ({ frame, psnr: value, ssim: 0.99, xpsnr: value })),
    scenes: [{ from: 0, to: psnr.length, psnr: 41, ssim: 0.99 }],
  });

  it('keeps a single bad frame in an hour of film in sight', () => {
    const values = Array.from({ length: 108_000 }, (_, frame) => (frame === 77_777 ? 21 : 44));
    const plot = plotOf(reportOf(values), 'psnr');
    expect(plot.curve.length).toBeLessThanOrEqual(600);
    expect(plot.curve).toContainEqual({ frame: 77_777, value: 21 });
    expect(plot.low).toBeLessThanOrEqual(21);
  });

  it('has room for equal pictures, which have no finite value', () => {
    const plot = plotOf(reportOf([null, 50, null]), 'psnr');
    expect(plot.high).toBe(60);
    expect(plot.low).toBeLessThan(plot.threshold);
    expect(plot.lines.length).toBeGreaterThan(2);
  });
});
