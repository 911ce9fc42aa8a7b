import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const sources = (folder: string): string[] => {
  const path = join(import.meta.dirname, folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => readFileSync(join(path, name), 'utf8'));
};

it('the page of the design system shows every component that the screens share', () => {
  const components = sources('../ui').flatMap((text) =>
    [...text.matchAll(/^export function ([A-Z]\w*)/gm)].map(([, name]) => name),
  );
  expect(components.length).toBeGreaterThan(15);
  const shown = sources('.').join('\n');
  expect(components.filter((name) => !new RegExp(`<${name}[\\s>]`).test(shown))).toEqual([]);
});
