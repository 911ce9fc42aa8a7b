import type { CreateClip } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';

type Options = Readonly<Record<string, unknown>>;
type RingRange = Pick<z.input<typeof CreateClip>, 'lastSeconds' | 'from' | 'to' | 'exact' | 'frames'>;

/** `a-b`: frames a to b, b exclusive. */
export function frameRange(text: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  if (from === undefined || Number(from) >= Number(to))
    throw new InvalidArgumentError('two frame numbers, the second one larger: 100-150 (end exclusive)');
  return { from: Number(from), to: Number(to) };
}

/** A time by the clock, with its zone. */
export function instant(text: string): string {
  const at = new Date(text);
  if (!/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('a time with its zone: 2026-11-23T10:15:00.040Z');
  return at.toISOString();
}

/** What of the ring the options mean. @throws SmartBoxError `bad-arguments` */
export function ringRange(options: Options, sources: readonly string[] | undefined): RingRange {
  const { from, to, since, frames, exact, seconds } = options as {
    from?: string;
    to?: string;
    since?: string;
    frames?: { from: number; to: number };
    exact?: boolean;
    seconds: number;
  };
  const bad = (why: string): Error => inputError('bad-arguments', why);
  if (frames !== undefined || since !== undefined) {
    const [sourceId] = sources ?? [];
    if (!frames || !since)
      throw bad('--frames and --since belong together: frames are counted from the one shown then');
    if (!sourceId) throw bad('--frames needs --sources: the frames of the first one are counted');
    if (from !== undefined || to !== undefined) throw bad('--frames excludes --from and --to');
    return { frames: { sourceId, since, ...frames } };
  }
  if ((from === undefined) !== (to === undefined)) throw bad('--from and --to belong together');
  if (from === undefined || to === undefined) {
    if (exact) throw bad('--exact belongs to --from and --to');
    return { lastSeconds: seconds };
  }
  return { from, to, ...(exact ? { exact } : {}) };
}
