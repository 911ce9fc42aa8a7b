import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRecipes, readStations } from './config-files.ts';
import { ConfigFiles } from './config-watch.ts';

const repo = new URL('../../../../config', import.meta.url).pathname;
const station = 'id: or-1\nname: OR 1\nsources:\n  - { id: a, name: A, kind: synthetic }\n';

describe('configuration files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartbox-config-'));
    await mkdir(join(folder, 'stations'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFile(join(folder, 'stations', name), text);

  it('of the repository are right', async () => {
    expect((await readRecipes(repo)).map((recipe) => recipe.name)).toContain('endoscopy');
  });

  it('are read with their defaults', async () => {
    await write('or-1.yaml', station);
    expect(await readStations(folder)).toMatchObject([{ id: 'or-1', windowSeconds: 900, sources: [{ pacs: true }] }]);
  });

  it.each([
    ['a wrong value', station.replace('kind: synthetic', 'kind: vhs'), /or-1\.yaml: sources\.0\.kind is "vhs": /],
    ['a missing field', station.replace('name: OR 1\n', ''), /or-1\.yaml: name is missing: /],
    ['no YAML', 'id: [', /or-1\.yaml: /],
    ['a list', '- 1', /or-1\.yaml: the file is \[1\]/],
  ])('stop the boot with file and field: %s', async (_, text, message) => {
    await write('or-1.yaml', text);
    await expect(readStations(folder)).rejects.toThrow(message);
  });

  it('may not say two things about one station; there need be none, but a recipe', async () => {
    expect(await readStations(folder)).toEqual([]);
    await mkdir(join(folder, 'recipes'));
    await expect(readRecipes(folder)).rejects.toThrow(/has no \.yaml file/);
    await rm(join(folder, 'recipes'), { recursive: true });
    await write('a.yaml', station);
    await write('b.yaml', station);
    await expect(readStations(folder)).rejects.toThrow(/b\.yaml: "or-1" stands in .*a\.yaml too/);
    await expect(readRecipes(folder)).rejects.toThrow(/recipes cannot be read/);
  });

  it('are compared with what was read at the start; what is wrong is said, and no secret', async () => {
    await write('or-1.yaml', station);
    await write('or-2.yaml', station.replace('or-1', 'or-2'));
    const secret = 'whsec_geheim';
    await writeFile(
      join(folder, 'webhooks.yaml'),
      `webhooks: [{ name: a, url: 'https://a.example', secret: ${secret} }]`,
    );
    const files = new ConfigFiles(folder);
    const states = () => files.list().map(({ path, state }) => `${path} ${state}`);
    expect(states()).toEqual(['stations/or-1.yaml in-use', 'stations/or-2.yaml in-use', 'webhooks.yaml in-use']);
    await write('or-1.yaml', station.replace('OR 1', 'OR eins'));
    await rm(join(folder, 'stations/or-2.yaml'));
    await write('or-3.yaml', station.replace('synthetic', 'vhs'));
    await writeFile(
      join(folder, 'webhooks.yaml'),
      `webhooks: [{ name: a, url: 'https://a.example', secret: [${secret}] }]`,
    );
    await writeFile(join(folder, 'retention.yaml'), 'rules: []');
    expect(states()).toEqual([
      'retention.yaml new',
      'stations/or-1.yaml changed',
      'stations/or-2.yaml gone',
      'stations/or-3.yaml invalid',
      'webhooks.yaml invalid',
    ]);
    expect(files.list().find(({ path }) => path.endsWith('or-3.yaml'))?.problem).toMatch(/sources\.0\.kind is "vhs"/);
    expect(JSON.stringify(files.list())).not.toContain(secret);
  });
});
