import type { ClipDetail } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { Command } from 'commander';
import { followClip } from '../follow-clip.ts';
import { frameRange, instant, ringRange } from './ring-range.ts';
import { room, text, verb, whole } from './verb.ts';

const sourceLine = (source: ClipDetail['sources'][number]): string => {
  const { sourceId, frames, durationMs, bytes, cut, inexact } = source;
  const how = cut ? `, ${cut.copiedFrames} frames copied, ${cut.reencodedFrames} re-encoded` : '';
  const why = inexact === undefined ? '' : `, not exact: ${inexact}`;
  return `    ${sourceId}: ${frames} frames, ${(durationMs / 1000).toFixed(3)} s, ${bytes} bytes${how}${why}`;
};

/** `smartbox clip`: saves, lists and shows clips of a running system. */
export function registerClips(program: Command): void {
  const clip = program.command('clip').description('clips');
  verb(
    clip,
    'save',
    'save the last N seconds of every camera of a room, or a stretch of them, exactly to the frame',
    async (context, options) => {
      const { api } = context;
      const stationId = room(context, options);
      const sources = text(options['sources'])?.split(',');
      const description = text(options['description']);
      const clipId = newId();
      const since = performance.now();
      const range = ringRange(options, sources);
      await api.saveClip({
        clipId,
        stationId,
        ...range,
        ...(sources === undefined ? {} : { sources }),
        ...(description === undefined ? {} : { description }),
      });
      const isExact = range.exact === true || range.frames !== undefined;
      if (options['wait'] === true || isExact) {
        const onState = (state: string, atMs: number): void =>
          void process.stderr.write(`${(atMs / 1000).toFixed(2)} s  ${state}\n`);
        await followClip(api, clipId, {
          since,
          saved: options['wait'] !== true,
          timeoutMs: 120_000 + Number(options['seconds']) * 2000,
          onState,
        });
      }
      const saved = await api.clip(clipId);
      return { json: saved, lines: [`clip ${clipId}: ${saved.state}`, ...saved.sources.map(sourceLine)] };
    },
  )
    .option('--station <id>', 'the room')
    .option('--seconds <n>', 'how far back', whole, 120)
    .option('--from <time>', 'from here on, by the clock: 2026-11-23T10:15:00.040Z', instant)
    .option('--to <time>', 'up to here', instant)
    .option('--exact', 'with --from and --to: from the very frame on, not from the keyframe before it')
    .option('--since <time>', 'with --frames: where they are counted from', instant)
    .option(
      '--frames <a-b>',
      'exactly these frames of the first of --sources, counted from 0 at --since, end exclusive',
      frameRange,
    )
    .option('--sources <ids>', 'only these cameras, separated by commas')
    .option('--description <text>', 'what it shows')
    .option('--wait', 'until it is in the PACS');
  verb(clip, 'list', 'the newest clips', async ({ api }, options) => {
    const { items } = await api.clips({ limit: String(Number(options['limit'])) });
    return {
      json: { items },
      lines: items.map(
        (one) =>
          `${one.clipId}  ${one.requestedAt}  ${one.state.padEnd(9)}  ${one.stationId}  ${one.description ?? ''}`,
      ),
    };
  }).option('--limit <n>', 'how many', whole, 20);
  verb(clip, 'show <clipId>', 'one clip with its journey', async ({ api }, _options, clipId = '') => {
    const one = await api.clip(clipId);
    return {
      json: one,
      lines: [
        `${one.clipId}  ${one.kind}  ${one.state}${one.failure ? `  ${one.failure.reason}` : ''}`,
        ...one.sources.map(sourceLine),
        ...one.instances.map(
          (i) => `    ${i.sopInstanceUid}: ${i.deliveries.map((d) => `${d.destination} ${d.state}`).join(', ')}`,
        ),
        ...one.journey.map(
          (s) => `    ${s.startedAt}  ${s.stage}${s.sourceId ? ` ${s.sourceId}` : ''}${s.failed ? ' FAILED' : ''}`,
        ),
      ],
    };
  });
}
