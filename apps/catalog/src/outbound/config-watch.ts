import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DestinationsFile, Recipe, RetentionFile, StationConfig, WebhooksFile } from '@smartbox/contracts';
import type { ConfigFileView } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { z } from 'zod';
import { checkConfig } from './config-files.ts';

type Area = ConfigFileView['area'];
const schemas: Partial<Record<Area, z.ZodType>> = {
  stations: StationConfig,
  recipes: Recipe,
  destinations: DestinationsFile,
  webhooks: WebhooksFile,
  retention: RetentionFile,
};
const folders = ['stations', 'recipes'] as const;
const files = ['destinations', 'webhooks', 'retention', 'sign-in'] as const;

interface Found {
  path: string;
  area: Area;
}

/** The configuration as it was at the start, beside the files as they are now. */
export class ConfigFiles {
  readonly #folder: string;
  readonly #atStart: ReadonlyMap<string, string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#atStart = new Map(this.#find().map(({ path }) => [path, hashOf(join(folder, path))]));
  }

  list(): ConfigFileView[] {
    const now = this.#find();
    const gone = [...this.#atStart.keys()].filter((path) => !now.some((file) => file.path === path));
    return [
      ...now.map((file) => this.#view(file)),
      ...gone.map((path) => ({ path, area: areaOf(path), state: 'gone' as const })),
    ].sort((a, b) => a.path.localeCompare(b.path));
  }

  #view({ path, area }: Found): ConfigFileView {
    const file = join(this.#folder, path);
    const modifiedAt = statSync(file).mtime.toISOString();
    try {
      const schema = schemas[area];
      if (schema) checkConfig(path, readFileSync(file, 'utf8'), schema);
    } catch (error) {
      return { path, area, state: 'invalid', problem: toError(error).message, modifiedAt };
    }
    const before = this.#atStart.get(path);
    const state = before === undefined ? 'new' : before === hashOf(file) ? 'in-use' : 'changed';
    return { path, area, state, modifiedAt };
  }

  #find(): Found[] {
    const within = folders.flatMap((area) => {
      const folder = join(this.#folder, area);
      const names = existsSync(folder) ? readdirSync(folder) : [];
      return names.filter((name) => /\.ya?ml$/.test(name)).map((name) => ({ path: `${area}/${name}`, area }));
    });
    const single = files
      .map((area) => ({ path: `${area}.yaml`, area }))
      .filter(({ path }) => existsSync(join(this.#folder, path)));
    return [...within, ...single];
  }
}

const areaOf = (path: string): Area =>
  folders.find((folder) => path.startsWith(`${folder}/`)) ??
  files.find((name) => path === `${name}.yaml`) ??
  'stations';
const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
