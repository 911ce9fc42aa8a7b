import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { DestinationsFile, StationConfig, type Recipe } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { parse, stringify } from 'yaml';
import type { z } from 'zod';
import { writeWhole } from './state-dir.ts';

export type StationInput = z.input<typeof StationConfig>;
export type DestinationsInput = z.input<typeof DestinationsFile>;

/** What `npm start` shows: one room with two synthetic cameras, whose size the machine decides by itself. */
const syntheticStation: StationInput = {
  id: 'or-1',
  name: 'OP 1',
  aeTitle: 'OR1',
  windowSeconds: 900,
  sources: [
    { id: 'endoscope', name: 'Endoskop', kind: 'synthetic' },
    { id: 'room', name: 'Raumkamera', kind: 'synthetic' },
  ],
};

interface Address {
  aeTitle: string;
  host: string;
  port: number;
}

/** The test PACS and what is added to it. `reports`: the port that the PACS reports commitments to; absent: it is not asked. */
export function testDestinations(
  pacs: Address,
  worklist: Address,
  reports: number | undefined,
  more: DestinationsInput['destinations'] = [],
): DestinationsInput {
  const address = ({ aeTitle, host, port }: Address) => ({ aeTitle, host, port });
  const commitment = { request: true, waitSeconds: 60, holdSeconds: 0 };
  return {
    destinations: [
      { name: 'pacs', title: 'Test-PACS', ...address(pacs), ...(reports === undefined ? {} : { commitment }) },
      ...more,
    ],
    ...(reports === undefined ? {} : { listener: { port: reports } }),
    worklist: address(worklist),
  };
}

interface ConfigPlan {
  /** The checkout's `config/`. */
  from: string;
  /** The configuration of this run. */
  to: string;
  stations: readonly StationConfig[];
  destinations: DestinationsInput;
  recipes?: readonly Recipe[] | undefined;
}

async function ownStations(from: string): Promise<StationInput[]> {
  const folder = join(from, 'stations');
  if (!existsSync(folder)) return [];
  const files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const parsed = StationConfig.safeParse(parse(await readFile(join(folder, file), 'utf8')));
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      throw inputError('invalid-station', `config/stations/${file}: ${issue?.path.join('.')} ${issue?.message}`);
    }),
  );
}

/** The stations that were given, or the checkout's, or the synthetic one, with defaults filled in. */
export async function stationsOf(from: string, given: readonly StationInput[] | undefined): Promise<StationConfig[]> {
  const own = given ?? (await ownStations(from));
  return (own.length > 0 ? own : [syntheticStation]).map((station) => StationConfig.parse(station));
}

/**
 * Writes the configuration folder of a run: recipes and export targets as they are in the checkout, the stations,
 * and the destinations with this run's addresses.
 */
export async function writeConfigDir(plan: ConfigPlan): Promise<void> {
  await rm(plan.to, { recursive: true, force: true });
  await mkdir(join(plan.to, 'stations'), { recursive: true });
  if (plan.recipes) {
    await mkdir(join(plan.to, 'recipes'));
    for (const recipe of plan.recipes) {
      await writeWhole(join(plan.to, 'recipes', `${recipe.name}.yaml`), stringify(recipe));
    }
  } else {
    await cp(join(plan.from, 'recipes'), join(plan.to, 'recipes'), { recursive: true });
  }
  for (const station of plan.stations) {
    await writeWhole(join(plan.to, 'stations', `${station.id}.yaml`), stringify(station), 0o600); // addresses hold passwords
  }
  const targets = join(plan.from, 'export-targets.yaml');
  if (existsSync(targets)) await cp(targets, join(plan.to, 'export-targets.yaml'));
  await writeWhole(join(plan.to, 'destinations.yaml'), stringify(DestinationsFile.parse(plan.destinations)));
}
