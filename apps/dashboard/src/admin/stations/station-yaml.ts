import type { CaptureDevice, StationSettings, StationView } from '@smartbox/contracts';
import { stringify } from 'yaml';
import type { Choice } from './device-modes.ts';
import type { SourceSettings } from './facts.ts';

/** A device, what is wanted of it, and what its source is to be called. */
export interface Chosen {
  device: CaptureDevice;
  choice: Choice;
  name: string;
}

/**
 * A piece of a station's file: all of it, entries that are added to it, or lines of an entry that change.
 * `withoutSize`: the entry's width and height are to go.
 */
export type Piece =
  { kind: 'file' | 'add'; text: string } | { kind: 'change'; sourceId: string; withoutSize: boolean; text: string };

/** bit/s of 1920x1080 at 30 frames per second, the default of a source: as much for each pixel of more. */
const FULL_HD = { bitrate: 8_000_000, pixelsPerSecond: 1920 * 1080 * 30 };
const MOST_BITRATE = 200_000_000;

/** The source of a station that reads this device. */
export const sourceOfDevice = (
  { path, stablePath }: Pick<CaptureDevice, 'path' | 'stablePath'>,
  settings: StationSettings | undefined,
): SourceSettings | undefined =>
  settings?.sources.find(({ kind, address }) => kind === 'v4l2' && (address === path || address === stablePath));

/** Is there nothing but test pictures in its file, or no file at all? Then the whole file is written anew. */
export const isFirstRun = (settings: StationSettings | undefined): boolean =>
  settings === undefined || settings.sources.every(({ kind }) => kind === 'synthetic');

/** What has to stand in `stations/<room>.yaml` for the chosen devices. Nothing is written by the web app. */
export function piecesOf(
  station: StationView,
  settings: StationSettings | undefined,
  chosen: readonly Chosen[],
): Piece[] {
  if (chosen.length === 0) return [];
  if (isFirstRun(settings)) return [{ kind: 'file', text: stringify(wholeFile(station, settings, chosen)) }];
  const added = chosen.filter(({ device }) => !sourceOfDevice(device, settings));
  const taken = settings?.sources.map(({ sourceId }) => sourceId) ?? [];
  const changes = chosen.flatMap(({ device, choice }): Piece[] => {
    const source = sourceOfDevice(device, settings);
    if (!source) return [];
    const withoutSize = choice.asItComes === true && source.width !== undefined;
    const text = indent(stringify(reading(device, choice)), 4);
    return [{ kind: 'change', sourceId: source.sourceId, withoutSize, text }];
  });
  if (added.length === 0) return changes;
  return [{ kind: 'add', text: indent(stringify(entriesOf(added, taken)), 2) }, ...changes];
}

function wholeFile(station: StationView, settings: StationSettings | undefined, chosen: readonly Chosen[]) {
  const { stationId, name, windowMs, conversation } = station;
  return {
    id: stationId,
    name: settings?.name ?? name,
    ...(settings ? { aeTitle: settings.aeTitle } : {}),
    windowSeconds: settings?.windowSeconds ?? Math.round(windowMs / 1000),
    ...(settings ? { maxBytes: settings.maxBytes } : {}),
    ...(conversation ? { conversation } : {}),
    sources: entriesOf(chosen, []),
  };
}

function entriesOf(chosen: readonly Chosen[], taken: readonly string[]) {
  const ids = new Set(taken);
  return chosen.map(({ device, choice, name }) => {
    const title = name.trim() || device.name;
    const id = freeId(title, ids);
    ids.add(id);
    return { id, name: title, kind: 'v4l2', ...reading(device, choice) };
  });
}

/** How a source reads a device: the lines that a choice decides. */
const reading = ({ path, stablePath }: CaptureDevice, choice: Choice) => ({
  url: stablePath ?? path,
  ...(choice.asItComes ? {} : { width: choice.width, height: choice.height }),
  frameRate: choice.frameRate,
  bitrate: bitrateFor(choice),
});

/** In whole Mbit/s, never less than the default. */
export function bitrateFor({ width, height, frameRate }: Choice): number {
  const times = (width * height * frameRate) / FULL_HD.pixelsPerSecond;
  const wanted = Math.ceil((times * FULL_HD.bitrate) / 1_000_000) * 1_000_000;
  return Math.min(MOST_BITRATE, Math.max(FULL_HD.bitrate, wanted));
}

/** `Spül-Kamera 2` -> `spuel-kamera-2`: a token (lower-case kebab) that no other source of the station has. */
function freeId(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .toLowerCase()
    .replace(/[äöü]/g, (letter) => ({ ä: 'ae', ö: 'oe', ü: 'ue' })[letter] ?? letter)
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '');
  const id = plain || 'camera';
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? id : `${id}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

const indent = (text: string, by: number): string => text.replace(/^(?=.)/gm, ' '.repeat(by));
