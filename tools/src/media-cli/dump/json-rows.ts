import { inputError } from '@smartbox/kernel';
import type { DumpToken, LongText } from './text.ts';

const cutOff = (name: string) => inputError('dump-cut-off', `${name} ends in the middle of a record: it was cut off`);

/**
 * Objects one after the other (NDJSON, as mongoexport writes them) or in an array (RFC 8259). Fields of objects inside
 * are named by their path: `video.$binary.base64`.
 */
export async function* jsonRows(text: LongText, name: string): AsyncGenerator<DumpToken> {
  for (;;) {
    await text.before(/[^\s,[\]\uFEFF]/g, 0);
    const first = await text.peek();
    if (first === '') return;
    if (first !== '{') throw inputError('bad-json', `${name}: ${JSON.stringify(await text.peek(40))} is no record: each is an object in braces`); // prettier-ignore
    yield { kind: 'row', table: '' };
    yield* value(text, '', name);
    yield { kind: 'end', plain: (raw) => (raw.includes('\\') ? unescaped(raw) : raw) };
  }
}

async function* value(text: LongText, path: string, name: string): AsyncGenerator<DumpToken> {
  await text.before(/\S/g, 0);
  const first = await text.peek();
  if (first === '') throw cutOff(name);
  if (first === '{' || first === '[') {
    await text.take();
    const inside = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    for (let index = 0; ; index++) {
      await text.before(/[^\s,]/g, 0);
      const next = await text.peek();
      if (next === '') throw cutOff(name);
      if (next === '}' || next === ']') return void (await text.take());
      if (first === '[') {
        yield* value(text, inside(index), name);
        continue;
      }
      let key = '';
      for await (const piece of string(text, name)) if (key.length < 200) key += piece;
      await text.before(/[^\s:]/g, 0);
      yield* value(text, inside(unescaped(key)), name);
    }
  }
  yield { kind: 'field', name: path };
  if (first === '"') {
    for await (const piece of string(text, name)) yield { kind: 'text', text: piece };
    return;
  }
  const word = await text.before(/[\s,\]}]/g, 100);
  if (!/^[-+\w.]+$/.test(word)) throw inputError('bad-json', `${name}: ${JSON.stringify(word)} is no value (${path})`);
  if (word !== 'null') yield { kind: 'text', text: word };
}

/** What stands between the quotes, escapes as they are. */
async function* string(text: LongText, name: string): AsyncGenerator<string> {
  if ((await text.take()) !== '"') throw inputError('bad-json', `${name} has no text where one is due`);
  for (;;) {
    yield* text.upTo(/["\\]/g);
    const stop = await text.take();
    if (stop === '"') return;
    if (stop === '') throw cutOff(name);
    yield stop + (await text.take());
  }
}

const unescaped = (raw: string): string => {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
};
