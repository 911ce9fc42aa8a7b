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

/**
 * The bytes of the file, in order, in one pass and with a few fragments in memory. `payloads` gives the planned
 * fragments in about their order; what is not in the plan (duplicates, fragments of others) is passed over.
 * @throws FragmentCorrupt (plan again without it), SmartBoxError `fragment-missing` (evicted: plan again).
 */
export async function* assembleMovie(
  layout: MovieLayout,
  fragments: readonly PlannedFragment[],
  payloads: AsyncIterable<FragmentPayload>,
): AsyncGenerator<Uint8Array> {
  yield layout.header;
  const positions = new Map(fragments.map(({ entry }, index) => [fragmentName(entry.headers), index]));
  const waiting = new Map<number, Uint8Array>();
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
      yield verifiedSamples(planned.entry.headers, payload).subarray(0, planned.bytes);
    }
    if (next === fragments.length || waiting.size > REORDER) break;
  }
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
