// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- dcmjs ships no types; projects that compile this source need them too
/// <reference path="./dcmjs.d.ts" />
import { deterministicUid, inputError } from '@smartbox/kernel';
import dcmjs from 'dcmjs';
import type { Dataset, DatasetValue } from './dataset.ts';
import { MAX_SHORT_VALUE } from './frame-times.ts';

// The only file that imports dcmjs. It writes headers, never pixel data: its writer takes seconds and gigabytes there,
// and cuts video into fragments that the standard forbids.
const { DicomDict, DicomMetaDictionary } = dcmjs.data;
dcmjs.log.setLevel('error');

/** Implementation Class UID (0002,0012): one for all versions of SmartBox. */
export const IMPLEMENTATION_CLASS_UID = deterministicUid('smartbox', 'implementation-class');
export const IMPLEMENTATION_VERSION_NAME = 'SMARTBOX_0_1';

type Elements = Record<string, { vr: string; Value: readonly unknown[] }>;

/** Keyword -> tag as eight hexadecimal digits, and VR; undefined for an unknown keyword. */
export function lookupKeyword(keyword: string): { tag: string; vr: string } | undefined {
  const entry = DicomMetaDictionary.nameMap[keyword];
  return entry && { tag: entry.tag.replace(/[(),]/g, '').toUpperCase(), vr: entry.vr };
}

/** Tag as eight hexadecimal digits -> keyword and VR; undefined for an unknown or private tag. */
export function lookupTag(tag: string): { keyword: string; vr: string } | undefined {
  const entry = DicomMetaDictionary.dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`];
  return entry && { keyword: entry.name, vr: entry.vr };
}

function isDatasets(value: readonly DatasetValue[] | readonly Dataset[]): value is readonly Dataset[] {
  return value.some((each) => typeof each === 'object');
}

function elements(dataset: Dataset): Elements {
  const out: Elements = {};
  for (const [keyword, value] of Object.entries(dataset)) {
    if (value === undefined) continue;
    const entry = lookupKeyword(keyword);
    if (!entry) throw inputError('unknown-attribute', `"${keyword}" is not a keyword of PS3.6`);
    const values = typeof value === 'object' ? value : [value];
    if (isDatasets(values)) out[entry.tag] = { vr: entry.vr, Value: values.map(elements) };
    else out[entry.tag] = tooLong(entry.vr, values) ?? { vr: entry.vr, Value: valuesOf(entry.vr, values) };
  }
  return out;
}

/** A list of numbers that 16 bits of length do not hold, as a Frame Time Vector of an hour, is written as UN (PS3.5 6.2.2). */
function tooLong(vr: string, values: readonly DatasetValue[]): Elements[string] | undefined {
  if (vr !== 'DS' && vr !== 'IS') return undefined;
  const text = values.join('\\');
  if (text.length <= MAX_SHORT_VALUE) return undefined;
  return { vr: 'UN', Value: [new Uint8Array(Buffer.from(text.length % 2 === 0 ? text : `${text} `)).buffer] };
}

// Bytes, which the reader gives as base64.
const bytes = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN', 'ox']);

function valuesOf(vr: string, values: readonly DatasetValue[]): readonly unknown[] {
  if (!bytes.has(vr)) return values;
  return values.map((each) => new Uint8Array(Buffer.from(String(each), 'base64')).buffer);
}

/** The reader gives every value as a list. */
function first(value: Dataset[string]): unknown {
  return Array.isArray(value) ? (value as unknown[])[0] : value;
}

/** Preamble, file meta information (PS3.10 7.1) and the attributes, in Explicit VR Little Endian. */
export function writeHeader(dataset: Dataset, transferSyntaxUid: string): Buffer {
  const [SOPClassUID, SOPInstanceUID] = [first(dataset['SOPClassUID']), first(dataset['SOPInstanceUID'])];
  if (typeof SOPClassUID !== 'string' || typeof SOPInstanceUID !== 'string') {
    throw inputError('no-sop-identity', 'A DICOM object needs SOPClassUID and SOPInstanceUID');
  }
  const file = new DicomDict({
    ...elements({
      MediaStorageSOPClassUID: SOPClassUID,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: transferSyntaxUid,
      ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
      ImplementationVersionName: IMPLEMENTATION_VERSION_NAME,
    }),
    '00020001': { vr: 'OB', Value: [new Uint8Array([0, 1]).buffer] },
  });
  file.dict = elements(dataset);
  // The values were checked by characters (PS3.5 6.2); dcmjs would count UTF-16 units.
  return Buffer.from(file.write({ allowInvalidVRLength: true }));
}
