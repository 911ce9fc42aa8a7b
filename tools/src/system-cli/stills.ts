import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newId } from '@smartbox/kernel';
import { Option, type Command } from 'commander';
import { followClip } from '../follow-clip.ts';
import { frameNumber } from '../file-verb.ts';
import { filmOf } from './film.ts';
import { instant } from './ring-range.ts';
import { room, text, verb, type Options } from './verb.ts';

const FORMATS = ['jpeg', 'png', 'htj2k'] as const;
type Format = (typeof FORMATS)[number];

const format = () =>
  new Option('--format <name>', 'jpeg, or without loss: png (uncompressed in DICOM) or htj2k').choices(FORMATS);
const formatOf = (options: Options): Format | undefined => FORMATS.find((name) => name === options['format']);

/** `smartbox still`: exact frames as pictures, out of the ring or of a clip. */
export function registerStills(program: Command): void {
  const still = program.command('still').description('exact frames as pictures, out of the ring or of a clip');

  verb(still, 'capture', 'keep what the cameras of a room show, now or at a time', async ({ info, api }, options) => {
    const stationId = room({ info, api }, options);
    const [at, sources] = [text(options['at']), text(options['sources'])?.split(',')];
    const [clipId, since, chosen] = [newId(), performance.now(), formatOf(options)];
    await api.captureStill(stationId, {
      clipId,
      ...(at === undefined ? {} : { at }),
      ...(sources === undefined ? {} : { sources }),
      ...(chosen === undefined ? {} : { format: chosen }),
    });
    await followClip(api, clipId, { since, saved: true, timeoutMs: 60_000, onState: () => undefined });
    const kept = await api.clip(clipId);
    return {
      json: kept,
      lines: [`still ${clipId}: ${kept.state}, of ${kept.sources.map((s) => s.sourceId).join(', ')}`],
    };
  })
    .option('--station <id>', 'the room')
    .option('--at <time>', 'what was shown then, as far back as the ring reaches', instant)
    .option('--sources <ids>', 'only these cameras, separated by commas')
    .addOption(format());

  const ofClip = (command: Command): Command =>
    command
      .requiredOption('--frame <n>', 'counted from 0', frameNumber)
      .option('--source <id>', 'which camera of the clip')
      .option('--edit <id>', 'of an edit of the clip instead')
      .addOption(format());

  ofClip(
    verb(
      still,
      'keep <clipId>',
      'a frame of a clip becomes a still, and goes into DICOM',
      async ({ api }, options, clipId = '') => {
        const [stillId, since, chosen] = [newId(), performance.now(), formatOf(options)];
        const of = await filmOf(api, clipId, options);
        const frame = Number(options['frame']);
        await api.keepFrame(clipId, {
          clipId: stillId,
          of,
          frame,
          ...(chosen === undefined ? {} : { format: chosen }),
        });
        await followClip(api, stillId, { since, saved: true, timeoutMs: 60_000, onState: () => undefined });
        const kept = await api.clip(stillId);
        return { json: kept, lines: [`still ${stillId}: ${kept.state}, frame ${frame} of clip ${clipId}`] };
      },
    ),
  );

  ofClip(
    verb(still, 'download <clipId>', 'a frame of a clip as a picture file', async ({ api }, options, clipId = '') => {
      const [out, chosen, frame] = [text(options['out']) ?? '', formatOf(options) ?? 'png', Number(options['frame'])];
      const of = await filmOf(api, clipId, options);
      const body = await api.frame(clipId, of, frame, chosen);
      await pipeline(Readable.fromWeb(body), createWriteStream(out));
      return {
        json: { clipId, ...of, frame, format: chosen, out },
        lines: [`${out}: frame ${frame} of clip ${clipId}`],
      };
    }),
  ).requiredOption('--out <file>', 'the picture');
}
