import type { Dataset, DatasetValue } from './dataset.ts';
import { lookupKeyword } from './part10-header.ts';

/** One attribute of the DICOM JSON model, PS3.18 section F.2.2. */
export interface JsonElement {
  vr: string;
  Value?: readonly unknown[];
  InlineBinary?: string;
  BulkDataURI?: string;
}
/** A data set in the DICOM JSON model: attributes by tag, eight upper-case hexadecimal digits, in their order. */
export type DicomJson = Record<string, JsonElement>;

const bytes = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
/** What the dictionary leaves open. */
const settled: Record<string, string> = { xs: 'US', ox: 'OW', up: 'UL', lt: 'OW' };
const groups = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

/** What the reader gives for a value of the JSON model, PS3.18 table F.2.3-1. */
function valueOf(vr: string, value: DatasetValue): unknown {
  if (vr === 'PN') {
    const parts = String(value).split('=');
    return Object.fromEntries(groups.flatMap((group, i) => (parts[i] ? [[group, parts[i]]] : [])));
  }
  if (vr === 'AT' && typeof value === 'number') return value.toString(16).toUpperCase().padStart(8, '0');
  return value === '' ? null : value;
}

function isDatasets(values: readonly DatasetValue[] | readonly Dataset[]): values is readonly Dataset[] {
  return typeof values[0] === 'object';
}

function elementOf(vr: string, values: readonly DatasetValue[] | readonly Dataset[]): JsonElement {
  if (isDatasets(values)) return { vr: 'SQ', Value: values.map(dicomJson) };
  const empty = values.every((each) => each === '');
  if (empty) return { vr };
  if (bytes.has(vr)) return { vr, InlineBinary: String(values[0]) };
  return { vr, Value: values.map((each) => valueOf(vr, each)) };
}

/** Attributes as `readPart10` gives them in the DICOM JSON model (PS3.18 annex F); text is in UTF-8 whatever it was. */
export function dicomJson(dataset: Dataset): DicomJson {
  const out: [string, JsonElement][] = [];
  for (const [name, value] of Object.entries(dataset)) {
    if (value === undefined) continue;
    const entry = lookupKeyword(name) ?? { tag: name, vr: 'UN' };
    const vr = settled[entry.vr] ?? entry.vr;
    out.push([entry.tag, elementOf(vr, typeof value === 'object' ? value : [value])]);
  }
  return Object.fromEntries(out.sort(([a], [b]) => (a < b ? -1 : 1)));
}
