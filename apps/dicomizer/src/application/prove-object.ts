import { createHash } from 'node:crypto';
import { checkEncapsulation, type Part10 } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import type { Objects } from './ports.ts';

/** What the read-back found, 64 hexadecimal digits each. */
export interface Proof {
  sha256: string;
  payloadSha256: string;
}

/**
 * Reads the object back from the store: its payload has to be the rendition byte for byte, and its encapsulation has to
 * pass the structural check. One pass over the bytes, plus a few small reads.
 * @throws SmartBoxError `object-corrupt` (retryable), `object-invalid` with the findings
 */
export async function proveObject(
  objects: Objects,
  key: string,
  part10: Part10,
  payloadSha256: string,
  signal: AbortSignal,
): Promise<Proof> {
  const whole = createHash('sha256');
  const payload = createHash('sha256');
  const take = fragmentsOf(part10, (bytes) => payload.update(bytes));
  for await (const chunk of await objects.read(key, signal)) {
    whole.update(chunk);
    take(chunk);
  }
  const found = payload.digest('hex');
  if (found !== payloadSha256) {
    throw new SmartBoxError({
      code: 'object-corrupt',
      fault: 'theirs',
      retryable: true,
      message: `${key}: the payload reads back as sha256 ${found}, the rendition is ${payloadSha256}`,
    });
  }
  const errors = (await checkEncapsulation(await objects.open(key))).filter((each) => each.severity === 'error');
  if (errors.length > 0) {
    const what = errors.map((each) => `${each.message} (${each.citation})`).join('; ');
    throw new SmartBoxError({ code: 'object-invalid', fault: 'ours', message: `${key}: ${what}` });
  }
  return { sha256: whole.digest('hex'), payloadSha256: found };
}

/** Hands on the parts of a file's chunks that are payload: what lies between the item headers of the layout. */
function fragmentsOf(part10: Part10, use: (bytes: Uint8Array) => void): (chunk: Uint8Array) => void {
  let position = 0;
  const spans: { from: number; to: number }[] = [];
  let from = part10.payloadOffset;
  for (const { length } of part10.fragments) {
    spans.push({ from, to: from + length });
    from += length + (length % 2) + 8;
  }
  return (chunk) => {
    for (const span of spans) {
      const start = Math.max(span.from, position);
      const end = Math.min(span.to, position + chunk.length);
      if (start < end) use(chunk.subarray(start - position, end - position));
    }
    position += chunk.length;
  };
}
