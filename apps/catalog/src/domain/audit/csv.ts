import { csvCell } from '../csv.ts';
import { meaningOf } from './actions.ts';
import type { Chained } from './chain.ts';

type Column = readonly [title: string, value: (entry: Chained) => string | number | null];
const columns: readonly Column[] = [
  ['sequence', (e) => e.sequence],
  ['id', (e) => e.id],
  ['at', (e) => e.at.toISOString()],
  ['actor', (e) => e.actor],
  ['action', (e) => e.action],
  ['kind', (e) => meaningOf(e.action).kind],
  ['outcome', (e) => e.outcome],
  ['subject', (e) => e.subject],
  ['stationId', (e) => e.stationId],
  ['patientId', (e) => e.patientId],
  ['studyUid', (e) => e.studyUid],
  ['address', (e) => e.address],
  ['detail', (e) => e.detail],
  ['traceId', (e) => e.traceId],
  ['previousHash', (e) => e.previousHash],
  ['hash', (e) => e.hash],
];

/** The audit for a spreadsheet: RFC 4180 with a byte order mark, formulas neutralised. */
export async function* auditCsv(entries: AsyncIterable<Chained>): AsyncGenerator<string> {
  yield `\ufeff${columns.map(([title]) => title).join(',')}\r\n`;
  for await (const entry of entries) {
    yield `${columns.map(([, value]) => csvCell(value(entry) ?? undefined)).join(',')}\r\n`;
  }
}
