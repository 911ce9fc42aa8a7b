import type { ScheduledCode } from '@smartbox/contracts';
import { codeAttribute, isUri, MAX_CODE } from '@smartbox/dicom';
import { Tag, type Dataset, type ElementToWrite } from './dataset.ts';

/** Return keys of a code sequence, PS3.4 table K.6-1. */
export const codeKeys = (tag: number): ElementToWrite => ({
  tag,
  vr: 'SQ',
  value: [
    [
      { tag: Tag.CodeValue, vr: 'SH', value: '' },
      { tag: Tag.CodingSchemeDesignator, vr: 'SH', value: '' },
      { tag: Tag.CodingSchemeVersion, vr: 'SH', value: '' },
      { tag: Tag.CodeMeaning, vr: 'LO', value: '' },
      { tag: Tag.LongCodeValue, vr: 'UC', value: '' },
      { tag: Tag.URNCodeValue, vr: 'UR', value: '' },
    ],
  ],
});

const vrs = { CodeValue: 'SH', LongCodeValue: 'UC', URNCodeValue: 'UR' } as const;
const isShort = (value: string) => value.length <= 16 && !value.includes('\\');

/**
 * The codes of a sequence; undefined where it has none. What is no code by PS3.3 table 8.8-1 is left out here: it must
 * not cost the object that it would be copied into.
 */
export function readCodes(dataset: Dataset | undefined, tag: number): ScheduledCode[] | undefined {
  const codes = (dataset?.items(tag) ?? []).flatMap((item): ScheduledCode[] => {
    const code = codeOf(item);
    const scheme = item.text(Tag.CodingSchemeDesignator, 'text') ?? '';
    const version = item.text(Tag.CodingSchemeVersion, 'text') ?? '';
    const meaning = [...(item.text(Tag.CodeMeaning, 'text') ?? '')].slice(0, 64).join('').trim();
    if (code === undefined || meaning === '' || ![scheme, version].every(isShort)) return [];
    if (scheme === '' && codeAttribute(code) !== 'URNCodeValue') return [];
    return [{ code, scheme, meaning, ...(version === '' ? {} : { version }) }];
  });
  return codes.length > 0 ? codes : undefined;
}

/** Its one code, in the attribute that it belongs in; undefined where it is none. */
function codeOf(item: Dataset): string | undefined {
  const found = (['CodeValue', 'LongCodeValue', 'URNCodeValue'] as const).flatMap((attribute) => {
    const value = item.text(Tag[attribute], 'text') ?? '';
    return value === '' ? [] : [{ attribute, value }];
  });
  const [first] = found;
  if (!first || first.value.length > MAX_CODE || first.value.includes('\\')) return undefined;
  const { attribute, value } = first;
  if (attribute === 'CodeValue' && !isShort(value)) return undefined;
  const isUrn = codeAttribute(value) === 'URNCodeValue';
  if (attribute === 'URNCodeValue' && !isUrn) return undefined;
  return isUrn && !isUri(value) ? undefined : value;
}

/** A code sequence as it is sent, of type 2: without items where nothing is coded. */
export const codeSequence = (tag: number, codes: readonly ScheduledCode[] | undefined): ElementToWrite => ({
  tag,
  vr: 'SQ',
  value: (codes ?? []).map(({ code, scheme, version, meaning }) => [
    { tag: Tag[codeAttribute(code)], vr: vrs[codeAttribute(code)], value: code },
    ...(scheme === '' ? [] : [{ tag: Tag.CodingSchemeDesignator, vr: 'SH', value: scheme }]),
    ...(version === undefined ? [] : [{ tag: Tag.CodingSchemeVersion, vr: 'SH', value: version }]),
    { tag: Tag.CodeMeaning, vr: 'LO', value: meaning },
  ]),
});
