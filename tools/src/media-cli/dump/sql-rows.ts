import { inputError } from '@smartbox/kernel';
import type { DumpToken, LongText } from './text.ts';

/** Longer statements than this hold no head that we look for. */
const HEAD = 64 * 1024;
const COPY = /^COPY\s+(\S+)\s*\(([^)]*)\)\s+FROM\s+stdin\b/i;
const INSERT =
  /^INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\s+("[^"]+"(?:\."[^"]+")?|`[^`]+`|[^\s(]+)\s*(?:\(([^)]*)\))?\s*VALUES\s*$/i;

const cutOff = (name: string, table: string) => inputError('dump-cut-off', `${name} ends in the middle of a row of ${table}: it was cut off`); // prettier-ignore
const names = (list: string | undefined): string[] =>
  list === undefined ? [] : list.split(',').map((name) => name.trim().replace(/^["`]|["`]$/g, ''));

/**
 * The rows of a dump in SQL: COPY blocks (pg_dump), and INSERT statements (pg_dump --inserts, sqlite3, mysqldump). All
 * else is passed over. Columns that an INSERT does not name are called by their place, from 1.
 */
export async function* sqlRows(text: LongText, name: string): AsyncGenerator<DumpToken> {
  let backslash = false;
  for (;;) {
    await text.before(/\S/g, 0);
    const word = (await text.peek(7)).toUpperCase();
    if (word === '') return;
    if (word.startsWith('COPY ')) {
      const [, table, columns] = COPY.exec(await text.before(/\n/g, HEAD)) ?? [];
      await text.take();
      if (table !== undefined) yield* copied(text, table, names(columns), name);
    } else if (word === 'INSERT ') {
      const head = await insertHead(text);
      const [, table, columns] = INSERT.exec(head) ?? [];
      if (table !== undefined)
        yield* inserted(text, table.replaceAll(/["`]/g, ''), names(columns), { name, backslash });
    } else {
      // mysqldump names itself in its first line: there a backslash escapes
      backslash ||= /^-- (MySQL|MariaDB) dump/.test(await text.before(/\n/g, 200));
    }
  }
}

/** Up to and with VALUES; a text of quotes has no place before. */
async function insertHead(text: LongText): Promise<string> {
  let head = '';
  while (!/\bVALUES\s*$/i.test(head)) {
    const piece = await text.before(/\s|\(/g, HEAD);
    const stop = await text.peek();
    if (stop === '' || head.length > HEAD) return '';
    head += piece;
    if (/\bVALUES$/i.test(head)) break;
    head += await text.take();
  }
  return head;
}

/** COPY's text format (PostgreSQL, "COPY", Text Format): tabs, line ends, `\N` for nothing, `\.` as the last line. */
async function* copied(
  text: LongText,
  table: string,
  columns: readonly string[],
  name: string,
): AsyncGenerator<DumpToken> {
  for (;;) {
    const start = await text.peek(3);
    if (start === '') throw cutOff(name, table);
    if (/^\\\.\r?\n?/.test(start)) return void (await text.before(/\n/g, 0));
    yield { kind: 'row', table };
    for (let index = 0; ; index++) {
      yield { kind: 'field', name: columns[index] ?? String(index + 1) };
      if ((await text.peek(2)) === '\\N') await text.take(2);
      for await (const piece of text.upTo(/[\t\n]/g)) yield { kind: 'text', text: piece };
      const stop = await text.take();
      if (stop === '') throw cutOff(name, table);
      if (stop === '\n') break;
    }
    yield { kind: 'end', plain: unescaped };
  }
}

async function* inserted(
  text: LongText,
  table: string,
  columns: readonly string[],
  { name, backslash }: { name: string; backslash: boolean },
): AsyncGenerator<DumpToken> {
  for (;;) {
    await text.before(/[^\s,]/g, 0);
    const start = await text.take();
    if (start === ';') return;
    if (start !== '(') throw start === '' ? cutOff(name, table) : inputError('bad-sql', `${name}: ${JSON.stringify(start)} where a row of ${table} is due`); // prettier-ignore
    yield { kind: 'row', table };
    let escapes = backslash;
    for (let index = 0, depth = 0, texts = 0, opened = false; ;) {
      if (!opened) yield { kind: 'field', name: columns[index] ?? String(index + 1) };
      opened = true;
      const bare = (await text.before(/[(),']/g, 100)).trim();
      const stop = await text.take();
      if (stop === '') throw cutOff(name, table);
      if (stop === "'") {
        // the first text of replace('...','\n',char(10)) and of '...'::text is the one that counts
        escapes = backslash || /^E$/i.test(bare);
        for await (const piece of quoted(text, escapes, () => cutOff(name, table)))
          if (texts === 0) yield { kind: 'text', text: piece };
        texts += 1;
      } else if (stop === '(') depth += 1;
      else if (stop === ')' && depth > 0) depth -= 1;
      else if (depth === 0) {
        if (texts === 0 && bare !== '' && !/^NULL$/i.test(bare)) yield { kind: 'text', text: bare };
        [index, texts, opened] = [index + 1, 0, false];
        if (stop === ')') break;
      }
    }
    yield { kind: 'end', plain: escapes ? unescaped : (raw) => raw };
  }
}

/** Up to the closing quote; two quotes are one. */
async function* quoted(text: LongText, escapes: boolean, cut: () => Error): AsyncGenerator<string> {
  for (;;) {
    yield* text.upTo(escapes ? /['\\]/g : /'/g);
    const stop = await text.take();
    if (stop === '') throw cut();
    if (stop === '\\') yield stop + (await text.take());
    else if ((await text.peek()) === "'") yield await text.take();
    else return;
  }
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0' };
const unescaped = (raw: string): string => raw.replace(/\\(.)/gs, (_, letter: string) => LETTERS[letter] ?? letter);
