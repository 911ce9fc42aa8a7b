import { inputError } from '@smartbox/kernel';
import { LONG_TEXT as LONG, looksLikeBase64 } from './base64.ts';

/**
 * The one long base64 string of a JSON document, as databases of old recorders give their rows away: piece by piece,
 * never the whole of it in memory. RFC 8259 section 7: a quote inside a string is escaped, and so may a slash be.
 * @throws SmartBoxError `no-base64`, `several-base64`, `bad-json`
 */
export async function* longBase64(text: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  let state: 'outside' | 'string' | 'other string' | 'payload' = 'outside';
  let held = '';
  let escaped = false;
  let found = false;
  let carried = '';
  const plain = (piece: string): string => {
    const whole = carried + piece;
    carried = whole.endsWith('\\') ? '\\' : '';
    return whole.slice(0, whole.length - carried.length).replace(/\\([/nrt])/g, (_, c) => (c === '/' ? '/' : ''));
  };
  for await (const chunk of text) {
    const part = Buffer.from(chunk).toString('latin1');
    for (let at = 0; at < part.length;) {
      if (state === 'payload') {
        const end = part.indexOf('"', at);
        yield plain(part.slice(at, end < 0 ? part.length : end));
        at = end < 0 ? part.length : end + 1;
        if (end >= 0) state = 'outside';
        continue;
      }
      const char = part.charAt(at++);
      if (state === 'outside') {
        if (char === '"') [state, held, escaped] = ['string', '', false];
        continue;
      }
      if (escaped) escaped = false;
      else if (char === '\\') escaped = true;
      else if (char === '"') {
        state = 'outside';
        continue;
      }
      if (state === 'other string') continue;
      held += char;
      if (held.length < LONG) continue;
      state = looksLikeBase64(held) ? 'payload' : 'other string';
      if (state === 'other string') continue;
      if (found)
        throw inputError(
          'several-base64',
          `${name} holds more than one base64 video: one record a file, or several one after the other in an .ndjson file`,
        );
      found = true;
      yield plain(held);
    }
  }
  if (!found)
    throw inputError('no-base64', `${name} is JSON without a base64 string of ${LONG} characters or more: no video`);
  if (state !== 'outside') throw inputError('bad-json', `${name} ends in the middle of a string: it was cut off`);
}
