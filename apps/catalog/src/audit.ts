/**
 * The audit from the command line, with DATABASE_URL, past the service: `node apps/catalog/dist/audit.js verify
 * [--anchor <sequence>:<hash>]` makes every hash anew; `... export --format atna|csv [--from ...] [--to ...] [--out ...]`.
 */
import { createWriteStream } from 'node:fs';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { Instant } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { actor, answer, type Answer } from './command-line.ts';
import { readAuditConfig } from './config.ts';
import { atnaFile } from './domain/audit/atna.ts';
import { auditCsv } from './domain/audit/csv.ts';
import type { Link } from './domain/audit/chain.ts';
import { auditWhere } from './outbound/audit-queries.ts';
import { AuditStore } from './outbound/audit-store.ts';
import { Database } from './outbound/database.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    anchor: { type: 'string', multiple: true, default: [] },
    format: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function anchorOf(text: string): Link {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && hash !== undefined) return { sequence: Number(sequence), hash };
  throw inputError(
    'bad-arguments',
    `--anchor ${JSON.stringify(text)} is not <sequence>:<hash>, as the log names the head`,
  );
}

function instantOf(name: 'from' | 'to'): string | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value;
  if (Instant.safeParse(at).success) return at;
  throw inputError(
    'bad-arguments',
    `--${name} ${JSON.stringify(value)} is no day (2026-11-28) and no time (2026-11-28T12:00:00Z)`,
  );
}

async function verify(store: AuditStore): Promise<Answer> {
  const check = await store.check(new Date(), values.anchor.map(anchorOf));
  const { sequence, hash } = await store.head();
  const faults = check.faults.map(({ what, sequence: at, entryId, reason }) =>
    [`${what.toUpperCase()}  entry ${at ?? '?'}`, ...(entryId === undefined ? [] : [entryId]), reason].join('  '),
  );
  return {
    json: { ...check, head: { sequence, hash } },
    lines: [
      ...faults,
      `${check.entries} entries, ${check.intact ? 'each as it was written' : 'NOT as they were written'}`,
      `head ${sequence}:${hash}`,
    ],
    failed: !check.intact,
  };
}

async function exportAll(store: AuditStore, institution: string | undefined): Promise<Answer> {
  const { format, out } = values;
  if (format !== 'atna' && format !== 'csv') {
    throw inputError('bad-arguments', `--format is atna or csv, not ${JSON.stringify(format ?? '')}`);
  }
  if (values.json && out === undefined)
    throw inputError('bad-arguments', '--json needs --out: stdout is for the object');
  const [from, to] = [instantOf('from'), instantOf('to')];
  let entries = 0;
  async function* counted() {
    for await (const entry of store.each(auditWhere({ from, to }))) {
      entries += 1;
      yield entry;
    }
  }
  const source = { id: `smartbox-catalog@${hostname()}`, enterprise: institution };
  const text = format === 'atna' ? atnaFile(counted(), source) : auditCsv(counted());
  await pipeline(Readable.from(text), out === undefined ? process.stdout : createWriteStream(out), {
    end: out !== undefined,
  });
  const detail = { format, from: from ?? null, to: to ?? null, entries };
  await store.write('audit', { actor: actor(), action: 'audit.export', detail }, new Date());
  return { json: { ...detail, out }, lines: out === undefined ? [] : [`${entries} entries in ${out}`] };
}

async function run(verb: string | undefined): Promise<Answer> {
  const { databaseUrl, institution } = readAuditConfig();
  const database = new Database(databaseUrl);
  try {
    const store = new AuditStore(database);
    if (verb === 'verify') return await verify(store);
    if (verb === 'export') return await exportAll(store, institution);
    throw inputError('bad-arguments', `${JSON.stringify(verb ?? '')} is neither verify nor export`);
  } finally {
    await database.close();
  }
}

await answer(values.json, () => run(positionals[0]));
