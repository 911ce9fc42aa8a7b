import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRows } from './json-rows.ts';
import { sqlRows } from './sql-rows.ts';
import { LongText, type DumpToken } from './text.ts';
import { dumpVideos, isDump, type DumpVideo } from './videos.ts';

/** Written by pg_dump 15, pg_dump --column-inserts and sqlite3 .dump, of one table with four rows. */
const fixture = (name: string) => join(import.meta.dirname, '../../../test/fixtures/dumps', name);
const names = ['pg_dump.sql', 'pg_dump-inserts.sql', 'sqlite3.sql'];
const ONE = 'dcaa1bc8e358fecbe4a0bdf7bd5831ad7e1718f84d3c68ddd11854a7c8372d05';
const TWO = 'f455e58a9511f3a756207376a107a5b2c6a49fabb7d1e35ca74aa0340de61aa0';
let dir: string;
beforeAll(async () => (dir = await mkdtemp(join(tmpdir(), 'dump-'))));
afterAll(() => rm(dir, { recursive: true }));

async function read(file: string): Promise<(DumpVideo & { bytes?: Buffer })[]> {
  const all = [];
  for await (const video of dumpVideos(file, join(dir, 'scratch'), new AbortController().signal))
    all.push('path' in video.found ? { ...video, bytes: await readFile(video.found.path) } : video);
  return all;
}
/** In pieces of any size, as a stream gives them. */
function inPieces(text: string, sizes: readonly number[]): LongText {
  async function* pieces() {
    for (let at = 0, i = 0; at < text.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      yield await Promise.resolve(text.slice(at, at + size));
      at += size;
    }
  }
  return new LongText(pieces());
}
async function rows(tokens: AsyncIterable<DumpToken>): Promise<Record<string, string>[]> {
  const all: Record<string, string>[] = [];
  let [row, name]: [Record<string, string>, string] = [{}, ''];
  for await (const token of tokens) {
    if (token.kind === 'row') row = {};
    else if (token.kind === 'field') name = token.name;
    else if (token.kind === 'text') row[name] = (row[name] ?? '') + token.text;
    else all.push(Object.fromEntries(Object.entries(row).map(([key, raw]) => [key, token.plain(raw)])));
  }
  return all;
}

describe('the videos of a dump', () => {
  it.each(names)('%s: each with what its row says, byte for byte; the broken one with its reason', async (name) => {
    expect(await isDump(fixture(name))).toBe(true);
    const [one, two, broken, ...more] = await read(fixture(name));
    expect(more).toEqual([]);
    const columns = name === 'sqlite3.sql' ? ['2', '3', '5'] : ['patient_name', 'patient_id', 'note'];
    const said = columns.map((column) => one?.row[column]);
    const note =
      name === 'sqlite3.sql' ? 'Polyp, rechts;\\nO\'Brien \\\\ "x"\ttab' : 'Polyp, rechts;\nO\'Brien \\ "x"\ttab';
    expect(said).toEqual(['Früh^Franz', 'OLD-2', note]);
    expect(one?.found).toMatchObject({ sha256: ONE, bytes: one?.bytes?.length });
    expect(two?.found).toMatchObject({ sha256: TWO, bytes: two?.bytes?.length });
    expect(
      createHash('sha256')
        .update(one?.bytes ?? '')
        .digest('hex'),
    ).toBe(ONE);
    expect(broken?.name).toMatch(/, row 4 of (public\.)?videos, (video_data|6)$/);
    expect(broken?.found).toMatchObject({ error: { code: 'bad-base64' } });
  });

  it.each(names)('%s: a dump that was cut off says so, after what is whole', async (name) => {
    const whole = await readFile(fixture(name), 'utf8');
    const file = join(dir, name);
    await writeFile(file, whole.slice(0, whole.indexOf('Kaputt^Kurt') + 5));
    const videos = await read(file);
    expect(videos.map(({ found }) => ('sha256' in found ? found.sha256 : (found.error as { code?: string }).code))).toEqual([ONE, TWO, 'dump-cut-off']); // prettier-ignore
    expect(videos[2]?.name).toMatch(/row 4 of/);
  });

  it('come out of records in JSON, one after the other or in an array', async () => {
    const video = (await read(fixture(names[0] ?? '')))[0]?.bytes?.toString('base64') ?? '';
    const record = (id: number) => ({ _id: { $oid: `5f${id}` }, patient: { name: 'Ü "x"' }, video: { $binary: { base64: video, subType: '00' } }, tags: ['a', 7] }); // prettier-ignore
    await writeFile(join(dir, 'mongo.ndjson'), `${JSON.stringify(record(1))}\n${JSON.stringify(record(2))}\n`);
    await writeFile(join(dir, 'mongo.json'), JSON.stringify([record(1), record(2)], null, 2));
    for (const name of ['mongo.ndjson', 'mongo.json']) {
      expect(await isDump(join(dir, name))).toBe(true);
      const found = await read(join(dir, name));
      expect(found.map((one) => ('sha256' in one.found ? one.found.sha256 : one.found.error.message))).toEqual([
        ONE,
        ONE,
      ]);
      expect(found[1]).toMatchObject({ row: { '_id.$oid': '5f2', 'patient.name': 'Ü "x"', 'tags.0': 'a', 'tags.1': '7' } }); // prettier-ignore
      expect(found[1]?.name).toMatch(/record 2, video\.\$binary\.base64$/);
    }
    await writeFile(join(dir, 'no.ndjson'), 'hello');
    expect(await read(join(dir, 'no.ndjson'))).toMatchObject([{ found: { error: { code: 'bad-json' } } }]);
  });

  it('are the same however the text is cut into pieces', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom("a''b", "'", '\\', '\\n', "x'),('y", ');'));
    const table = fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(table, sizes, async (wanted, pieces) => {
        const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
        const inserts = wanted.map(({ a, b }) => `INSERT INTO "t" (a, "b") VALUES (${quote(a)}, ${quote(b)}::text);\n`);
        const short = (all: { a: string; b: string }[]) => all.map((row) => Object.fromEntries(Object.entries(row).filter(([, text]) => text !== ''))); // prettier-ignore
        expect(await rows(sqlRows(inPieces(`SET x = 1;\n${inserts.join('')}`, pieces), 'd'))).toEqual(short(wanted));
        const mysql = (text: string) =>
          `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
        const many = wanted.map(({ a, b }) => `(${mysql(a)},${mysql(b)})`).join(',');
        const dump = `-- MySQL dump 10.13\n\nINSERT INTO \`t\` (\`a\`,\`b\`) VALUES ${many};\n`;
        expect(await rows(sqlRows(inPieces(dump, pieces), 'd'))).toEqual(short(wanted));
        const json = wanted.map((row) => JSON.stringify(row)).join('\n');
        expect(await rows(jsonRows(inPieces(json, pieces), 'd'))).toEqual(short(wanted));
      }),
      { numRuns: 200 },
    );
  });
});
