import { inputError } from '@smartbox/kernel';
import type { Dataset, DatasetValue } from './dataset.ts';
import { lookupKeyword, lookupTag } from './part10-header.ts';
import * as v from './values.ts';

/** Attributes that the payload and the SOP class decide: nobody else's word counts. */
const decided = new Set(
  (
    'SOPClassUID SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns BitsAllocated BitsStored ' +
    'HighBit PixelRepresentation NumberOfFrames FrameIncrementPointer FrameTime FrameTimeVector CineRate PixelData ' +
    'LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod SpecificCharacterSet'
  ).split(' '),
);

type Write = (keyword: string, value: string) => string;
const texts: Record<string, Write> = {
  PN: v.personName,
  LO: v.longString,
  SH: v.shortString,
  ST: v.shortText,
  UI: v.uid,
  DA: v.date,
  CS: v.codeString,
};
const numeric = new Set(['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'IS']);

/**
 * Reads attributes from a JSON object: either keywords with plain values (`{"PatientName": "Doe^Jane"}`), or the DICOM
 * JSON model (PS3.18 annex F: `{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}}`); sequences are lists
 * of such objects.
 * @throws SmartBoxError `unknown-attribute`, `attribute-decided`, `invalid-dicom-value`, `invalid-attributes`
 */
export function attributesFromJson(json: unknown): Dataset {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw inputError('invalid-attributes', 'Attributes are a JSON object of keywords and values');
  const dataset: Dataset = {};
  for (const [name, given] of Object.entries(json as Record<string, unknown>)) {
    const keyword = /^[0-9A-Fa-f]{8}$/.test(name) ? (lookupTag(name.toUpperCase())?.keyword ?? name) : name;
    const entry = lookupKeyword(keyword);
    if (!entry || entry.tag.startsWith('0002'))
      throw inputError('unknown-attribute', `"${name}" is no keyword of PS3.6`);
    if (decided.has(keyword))
      throw inputError('attribute-decided', `${keyword} is read from the payload and cannot be given`);
    dataset[keyword] = valuesFromJson(keyword, entry.vr, unwrap(given));
  }
  return dataset;
}

/** The values of one attribute as a list, out of either form. */
function unwrap(given: unknown): readonly unknown[] {
  if (given === null || given === undefined || given === '') return [];
  if (Array.isArray(given)) return given;
  if (typeof given === 'object' && ('Value' in given || 'vr' in given)) {
    const { Value } = given as { Value?: unknown };
    return Array.isArray(Value) ? Value : [];
  }
  return [given];
}

function valuesFromJson(keyword: string, vr: string, values: readonly unknown[]): DatasetValue[] | Dataset[] {
  if (vr === 'SQ') return values.map(attributesFromJson);
  return values.map((value): DatasetValue => {
    if (vr === 'PN' && typeof value === 'object' && value !== null) {
      const { Alphabetic = '', Ideographic = '', Phonetic = '' } = value as Record<string, string>;
      return v.personName(keyword, [Alphabetic, Ideographic, Phonetic].join('='));
    }
    if (numeric.has(vr)) {
      const number = Number(value);
      if (!Number.isFinite(number)) throw inputError('invalid-dicom-value', `${keyword} is a number (PS3.5 6.2)`);
      return number;
    }
    if (vr === 'DS') return v.decimalString(Number(value));
    if (typeof value !== 'string' && typeof value !== 'number')
      throw inputError('invalid-dicom-value', `${keyword} has a value that is neither text nor number`);
    const write = texts[vr];
    return write ? write(keyword, String(value)) : String(value);
  });
}
