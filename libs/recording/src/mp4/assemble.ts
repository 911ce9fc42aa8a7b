import { SmartBoxError } from '@smartbox/kernel';
import { fragmentName } from '../ring-entry.ts';
import type { PlannedFragment } from '../source-plan.ts';
import { verifiedSamples } from './fragment.ts';
import type { MovieLayout } from './movie.ts';

/** The payload of a fragment that a reader found for a name. */
export interface FragmentPayload {
  epoch: string;
  sequence: number;
  payload: Uint8Array;
}

/** Retried publishes are stored a little late: this many fragments may wait for their turn. */
const REORDER = 16;
/** So many are proved while those before them are written. */
const AHEAD = 3;

/**
 * The bytes of the file, in order, in one pass and with a few fragments in memory. `payloads` gives the planned fragments
 * in about their order; what is not in the plan (duplicates, fragments of others) is passed over.
 * @param head the coded pictures that stand before the fragments, where the plan has any
 * @throws FragmentCorrupt (plan again without it), SmartBoxError `fragment-missing` (evicted: plan again).
 */
export async function* assembleMovie(
  layout: MovieLayout,
  fragments: readonly PlannedFragment[],
  payloads: AsyncIterable<FragmentPayload>,
  head?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield layout.header;
  if (head) yield head;
  if (fragments.length === 0) return;
  const positions = new Map(fragments.map(({ entry }, index) => [fragmentName(entry.headers), index]));
  const waiting = new Map<number, Uint8Array>();
  const proving: Promise<Uint8Array>[] = [];
  let next = 0;
  for await (const found of payloads) {
    const position = positions.get(fragmentName(found));
    if (position === undefined || position < next) continue;
    waiting.set(position, found.payload);
    for (;;) {
      const planned = fragments[next];
      const payload = waiting.get(next);
      if (!planned || !payload) break;
      waiting.delete(next++);
      proving.push(prove(planned, payload));
      while (proving.length > AHEAD) yield (await proving.shift()) ?? payload;
    }
    if (next === fragments.length || waiting.size > REORDER) break;
  }
  for (const proved of proving) yield await proved;
  const missing = fragments[next]?.entry;
  if (missing) {
    throw new SmartBoxError({
      code: 'fragment-missing',
      message: `fragment ${fragmentName(missing.headers)} of ${missing.headers.source} is no longer there`,
      fault: 'ours',
      retryable: true,
      details: { streamSequence: missing.streamSequence },
    });
  }
}

function prove({ entry, bytes }: PlannedFragment, payload: Uint8Array): Promise<Uint8Array> {
  const proved = verifiedSamples(entry.headers, payload).then((samples) => samples.subarray(0, bytes));
  proved.catch(() => undefined); // it is thrown when its turn comes
  return proved;
}
