import type { CreateClip, Range } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { z } from 'zod';

type Asked = Pick<z.infer<typeof CreateClip>, 'lastSeconds' | 'from' | 'to' | 'exact' | 'frames'>;

/** Clocks of people and of this machine differ a little. */
const FUTURE_MS = 2000;

/** The range that a body names; undefined where it names none and the recipe decides. @throws SmartBoxError `invalid-range` */
export function explicitRange({ lastSeconds, from, to, exact, frames }: Asked): Range | undefined {
  const named = [lastSeconds, from ?? to, frames].filter((each) => each !== undefined);
  if (named.length > 1)
    throw inputError('invalid-range', 'lastSeconds, from with to, and frames exclude each other: name one of them');
  if ((from === undefined) !== (to === undefined))
    throw inputError(
      'invalid-range',
      `from and to belong together: got from ${from ?? 'nothing'}, to ${to ?? 'nothing'}`,
    );
  if (exact && from === undefined)
    throw inputError('invalid-range', 'exact belongs to from and to: frames are always exact, lastSeconds never is');
  if (frames) {
    const { sourceId, since, ...numbers } = frames;
    return { sourceId, since, frames: numbers };
  }
  if (from !== undefined && to !== undefined) return { from, to, ...(exact ? { exact } : {}) };
  return lastSeconds === undefined ? undefined : { lastMs: lastSeconds * 1000 };
}

/** How long it is; null where only the ring can tell. @throws SmartBoxError `invalid-range`, `range-in-future` */
export function lengthOf(range: Range, now: Date): number | null {
  if ('lastMs' in range) return range.lastMs;
  if ('frames' in range) return null;
  const { from, to } = range;
  if (Date.parse(from) >= Date.parse(to)) throw inputError('invalid-range', `the range from ${from} to ${to} is empty`);
  if (Date.parse(to) > now.getTime() + FUTURE_MS)
    throw inputError('range-in-future', `the range ends at ${to}, it is ${now.toISOString()} now`);
  return Date.parse(to) - Date.parse(from);
}
