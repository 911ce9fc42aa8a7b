import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { ExportProfile, type CopyView, type ExportView } from '@smartbox/contracts';
import { inputError, newId, SmartBoxError } from '@smartbox/kernel';
import { InvalidArgumentError, type Command } from 'commander';
import type { CatalogApi } from '../api.ts';
import { deidentifyChoices, withDeidentifyOptions } from '../deidentify-options.ts';
import { filmOf } from './film.ts';
import { text, verb, type Options } from './verb.ts';

const LOOK_MS = 500;
const OPEN = ['waiting', 'running', 'stopping'];

const line = (each: ExportView): string =>
  `${each.renditionId}  ${each.profile.padEnd(12)}  ${each.state}  ${each.percent.toFixed(0)} %` +
  `${each.bytes === undefined ? '' : `  ${each.bytes} bytes`}` +
  `${each.quality === undefined ? '' : `  SSIM ${each.quality.ssim.average.toFixed(4)}`}` +
  `${each.destinations === undefined ? '' : `  to ${each.destinations.join(', ')}`}` +
  `${[each.failure, each.archiveFailure].map((why) => (why ? `  ${why.reason}` : '')).join('')}`;

const copyLine = ({ copyId, target, state, percent, path, failure }: CopyView): string =>
  `    ${copyId}  ${target}  ${state}  ${percent.toFixed(0)} %  ${path ?? ''}${failure?.reason ?? ''}`;

const profiles = (given: string): string[] =>
  given.split(',').map((name) => {
    if (ExportProfile.safeParse(name).success) return name;
    throw new InvalidArgumentError(`${name} is none of ${ExportProfile.options.join(', ')}`);
  });

/** Looks until what is asked for is done; tells each whole percent once. */
async function follow<T>(look: () => Promise<T>, percentOf: (seen: T) => number | undefined): Promise<T> {
  for (let told = -1; ;) {
    const seen = await look();
    const percent = percentOf(seen);
    if (percent === undefined) return seen;
    if (Math.floor(percent) > told) process.stderr.write(`${(told = Math.floor(percent))} %\n`);
    await after(LOOK_MS);
  }
}

async function exportOf(api: CatalogApi, clipId: string, options: Options): Promise<ExportView> {
  const { items } = await api.exports(clipId);
  const wanted = text(options['export']) ?? '';
  const found = items.find(({ renditionId }) => renditionId === wanted);
  if (found) return found;
  const known = items.map(({ renditionId, profile }) => `${renditionId} (${profile})`).join(', ');
  throw inputError('export-not-found', `clip ${clipId} has no export ${wanted}: it has ${known || 'none'}`);
}

/** Goes on behind what is there already. @returns bytes that were there before */
async function download(api: CatalogApi, { downloadUrl = '', bytes }: ExportView, out: string): Promise<number> {
  const there = (await stat(out).catch(() => undefined))?.size ?? 0;
  const from = there < (bytes ?? 0) ? there : 0;
  if (there === bytes) return there;
  const body = await api.download(downloadUrl, from);
  await pipeline(Readable.fromWeb(body), createWriteStream(out, from > 0 ? { flags: 'a' } : {}));
  return from;
}

/** `smartbox export`: files of a clip for a purpose, and where they go. */
export function registerExports(program: Command): void {
  const area = program.command('export').description('files of a clip for a purpose, and where they go');
  const to = (command: Command) =>
    command.option('--to <destinations>', 'their DICOM objects go there, separated by commas', (given) => given.split(',')); // prettier-ignore

  const create = to(
    verb(area, 'create <clipId>', 'make files of a clip or an edit of it', async ({ api }, options, clipId = '') => {
      const exportId = newId();
      const of = await filmOf(api, clipId, options);
      const wanted = options['profiles'] as ExportProfile[];
      const destinations = options['to'] as string[] | undefined;
      const teaching = wanted.includes('dicom-teaching')
        ? { purpose: 'teaching' as const, deidentify: deidentifyChoices(options) }
        : {};
      await api.createExport(clipId, { exportId, of, profiles: wanted, ...teaching, ...(destinations ? { destinations } : {}) }); // prettier-ignore
      const own = async () => (await api.exports(clipId)).items.filter((each) => each.exportId === exportId);
      const mean = (all: ExportView[]) => all.reduce((sum, { percent }) => sum + percent, 0) / all.length;
      const items = await follow(own, (all) => (all.some(({ state }) => OPEN.includes(state)) ? mean(all) : undefined));
      return { json: { items }, lines: items.map(line), failed: items.some(({ state }) => state !== 'ready') };
    }),
  )
    .requiredOption('--profiles <names>', `of ${ExportProfile.options.join(', ')}, separated by commas`, profiles)
    .option('--source <id>', 'which camera of the clip')
    .option('--edit <id>', 'an edit of the clip instead');
  withDeidentifyOptions(create);

  verb(area, 'list <clipId>', 'the exports of a clip', async ({ api }, _options, clipId = '') => {
    const { items } = await api.exports(clipId);
    return { json: { items }, lines: items.flatMap((each) => [line(each), ...(each.copies ?? []).map(copyLine)]) };
  });

  verb(
    area,
    'download <clipId>',
    'the file of an export; a broken download goes on',
    async ({ api }, options, clipId = '') => {
      const one = await exportOf(api, clipId, options);
      const out = text(options['out']) ?? one.fileName ?? '';
      const before = await download(api, one, out);
      return {
        json: { ...one, out, resumedAt: before },
        lines: [`${out}: ${one.bytes} bytes${before > 0 ? `, ${before} were there` : ''}`],
      };
    },
  )
    .requiredOption('--export <id>', 'which one')
    .option('--out <file>', 'default: its own name');

  to(
    verb(area, 'archive <clipId>', 'an export becomes a DICOM object', async ({ api }, options, clipId = '') => {
      const { renditionId } = await exportOf(api, clipId, options);
      const destinations = options['to'] as string[] | undefined;
      if (!destinations) throw inputError('bad-arguments', 'name the destinations with --to');
      const sent = await api.archiveExport(clipId, renditionId, destinations);
      return { json: sent, lines: [line(sent)] };
    }),
  ).requiredOption('--export <id>', 'which one');

  verb(area, 'targets', 'sticks and shares of the site', async ({ api }) => {
    const { items } = await api.targets();
    return {
      json: { items },
      lines: items.map(({ name, title, state, freeBytes, reason }) =>
        [name, title, state, ...(freeBytes === undefined ? [] : [`${freeBytes} bytes free`]), reason ?? ''].join('  '),
      ),
    };
  });

  verb(
    area,
    'copy <clipId>',
    'the file of an export onto a stick or a share',
    async ({ api }, options, clipId = '') => {
      const { renditionId } = await exportOf(api, clipId, options);
      const copyId = newId();
      await api.copyExport(clipId, renditionId, { copyId, target: text(options['target']) ?? '' });
      const own = async () => {
        const { items } = await api.exports(clipId);
        const found = items.flatMap(({ copies = [] }) => copies).find((copy) => copy.copyId === copyId);
        if (found) return found;
        throw new SmartBoxError({ code: 'copy-not-found', message: `the copy ${copyId} is gone`, fault: 'theirs' });
      };
      const end = await follow(own, ({ state, percent }) => (OPEN.includes(state) ? percent : undefined));
      return { json: end, lines: [copyLine(end).trim()], failed: end.state !== 'ready' };
    },
  )
    .requiredOption('--export <id>', 'which one')
    .requiredOption('--target <name>', 'one of `smartbox export targets`');
}
