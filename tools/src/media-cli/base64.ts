import { Transform } from 'node:stream';
import { inputError } from '@smartbox/kernel';

/** No video is shorter, and hardly any other text of a record so long. */
export const LONG_TEXT = 1024;
const PREFIX = /^\s*(?:\\[rn])*data:[\w/.+;=,-]*?base64,/;
const PAYLOAD = /^(data:[\w/.+;=,-]*?base64,)?([A-Za-z0-9+/=\s]|\\[/nrt])*\\?$/;

/** Text of nothing but base64, perhaps as a data URL, perhaps with the escapes of JSON and SQL for line ends. */
export const looksLikeBase64 = (head: string): boolean => head.length > 0 && PAYLOAD.test(head);

/** Text to bytes, as it streams. Anything that is no base64 ends it: nothing is left out silently. */
export function base64Decoder(name: string): Transform {
  let rest = '';
  let carried = '';
  let first = true;
  let ended = false;
  const refuse = (): Error =>
    inputError('bad-base64', `${name} begins as base64 text, and then something else follows: nothing was imported`);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      let part = carried + chunk.toString('latin1');
      carried = part.endsWith('\\') ? '\\' : '';
      part = part.slice(0, part.length - carried.length);
      if (first) part = part.replace(PREFIX, '');
      first = false;
      part = part.replace(/\\([/nrt])/g, (_all, letter) => (letter === '/' ? '/' : '')).replace(/\s+/g, '');
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(part) || (ended && part !== '')) return done(refuse());
      ended = part.endsWith('=');
      rest += part;
      const whole = rest.length - (rest.length % 4);
      this.push(Buffer.from(rest.slice(0, whole), 'base64'));
      rest = rest.slice(whole);
      done();
    },
    flush(done) {
      if (rest.length === 1 || carried !== '') return done(refuse());
      if (rest.length > 0) this.push(Buffer.from(rest, 'base64'));
      done();
    },
  });
}
