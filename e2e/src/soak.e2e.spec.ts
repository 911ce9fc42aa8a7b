import { afterAll, beforeAll, expect, it } from 'vitest';
import { Soak } from './soak/soak.ts';
import { startLine, type Line } from './support.ts';

let line: Line;
beforeAll(async () => void (line = await startLine({ pacs: 'test-pacs' })));
afterAll(() => line?.stop());

it('keeps every promise through a minute of work and trouble (`npm run soak` goes on for days)', async () => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const report = await new Soak(line, { minutes: 1, seed: 7, faults: true, say }).run();
  console.log(`${report.asked} clips, ${report.frames} frames, ${report.gaps} gaps told, ${report.faults} faults`);
  expect(report.broken, said.join('\n')).toEqual([]);
  expect(report.asked).toBeGreaterThan(3);
  expect(report.faults).toBeGreaterThan(2);
});
