import { inputError } from '@smartbox/kernel';
import { lookupKeyword, lookupTag, qidoKeys, type QidoKey, type QidoLevel } from '@smartbox/dicom';

export interface Search {
  level: QidoLevel;
  /** Values as they were given; a UID list is split already. */
  match: Partial<Record<QidoKey, readonly string[]>>;
  limit: number;
  offset: number;
  /** Tags of attributes wanted besides the usual ones; `all`: everything. */
  include: ReadonlySet<string> | 'all';
  /** What is said in Warning headers (PS3.18 section 8.3.4.1). */
  warnings: string[];
}

/** An answer costs a read of the store for each line. */
export const MAX_RESULTS = 200;
const isKey = (keyword: string): keyword is QidoKey => keyword in qidoKeys;

/** A keyword or a tag (dotted paths into sequences are not searched). */
function keywordOf(name: string): string {
  const keyword = /^[0-9A-Fa-f]{8}$/.test(name) ? lookupTag(name.toUpperCase())?.keyword : name;
  if (keyword !== undefined && lookupKeyword(keyword.split('.')[0] ?? '')) return keyword;
  throw inputError('invalid-query', `${JSON.stringify(name.slice(0, 64))} is no attribute of PS3.6`);
}

function count(name: string, text: string, max: number): number {
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), max);
  throw inputError('invalid-query', `${name}=${JSON.stringify(text.slice(0, 40))}: a number from 0 on`);
}

/**
 * The parameters of a search, PS3.18 section 8.3.4. `within`: what the path says.
 * @throws SmartBoxError `invalid-query`.
 */
export function parseSearch(
  level: QidoLevel,
  within: Partial<Record<QidoKey, string>>,
  parameters: URLSearchParams,
): Search {
  const search: Search = { level, match: {}, limit: MAX_RESULTS, offset: 0, include: new Set(), warnings: [] };
  const include = new Set<string>();
  const given: [string, string][] = [...Object.entries(within), ...parameters];
  for (const [name, value] of given) {
    if (name === 'limit') search.limit = count(name, value, MAX_RESULTS);
    else if (name === 'offset') search.offset = count(name, value, 1e9);
    else if (name === 'includefield') for (const each of value.split(',')) include.add(each.trim());
    else if (name === 'fuzzymatching') {
      if (value === 'true') {
        search.warnings.push('The fuzzymatching parameter is not supported. Only literal matching has been performed.');
      }
    } else matchOne(search, keywordOf(name), value);
  }
  search.include = include.has('all')
    ? 'all'
    : new Set([...include].map((name) => lookupKeyword(keywordOf(name))?.tag ?? ''));
  return search;
}

function matchOne(search: Search, keyword: string, value: string): void {
  if (value === '' || value === '*') return; // universal matching, PS3.4 C.2.2.2.3
  if (!isKey(keyword)) {
    search.warnings.push(`The attribute ${keyword} is not searched for; it was ignored.`);
    return;
  }
  const values = qidoKeys[keyword][1] === 'uid-list' ? value.split(/[,\\]/) : [value];
  const before = search.match[keyword];
  // The path and the query both restrict.
  search.match[keyword] = before ? before.filter((each) => values.includes(each)) : values;
}

/** `20260101`, `20260101-`, `-20261231`, `20260101-20261231`: first and last day, PS3.4 C.2.2.2.5. @throws `invalid-query`. */
export function dayRange(keyword: string, text: string): { from?: string; to?: string } {
  const [, from, dash, to] = /^(\d{8})?(-)?(\d{8})?$/.exec(text) ?? [];
  if (from === undefined && to === undefined) {
    throw inputError('invalid-query', `${keyword}=${JSON.stringify(text.slice(0, 40))}: YYYYMMDD or a range of them`);
  }
  const until = dash === undefined ? from : to;
  return { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { to: until }) };
}
