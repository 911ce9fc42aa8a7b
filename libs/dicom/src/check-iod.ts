import { Findings, type Finding } from './findings.ts';
import { number, text, type ParsedPart10 } from './part10-reader.ts';
import { sopClasses, type SopClass } from './sop-classes.ts';
import { transferSyntaxes } from './transfer-syntaxes.ts';
import type { Dataset } from './dataset.ts';

/** An attribute a module asks for: type 1 has a value, type 2 is there. PS3.5 7.4. */
type Rule = readonly [keyword: string, type: 1 | 2];

/** A module as far as it is checked: the attributes that have to be there. */
export interface IodModule {
  name: string;
  citation: string;
  kinds: readonly SopClass['kind'][];
  rules: readonly Rule[];
}

const every = ['video', 'still', 'secondary-capture'] as const;
const moving = ['video', 'secondary-capture'] as const;
const visibleLight = ['video', 'still'] as const;

/** The modules of the IODs that SmartBox writes, PS3.3 annex A. */
export const iodModules: readonly IodModule[] = [
  {
    name: 'Patient',
    citation: 'PS3.3 C.7.1.1',
    kinds: every,
    rules: [
      ['PatientName', 2],
      ['PatientID', 2],
      ['PatientBirthDate', 2],
      ['PatientSex', 2],
    ],
  },
  {
    name: 'General Study',
    citation: 'PS3.3 C.7.2.1',
    kinds: every,
    rules: [
      ['StudyInstanceUID', 1],
      ['StudyDate', 2],
      ['StudyTime', 2],
      ['ReferringPhysicianName', 2],
      ['StudyID', 2],
      ['AccessionNumber', 2],
    ],
  },
  {
    name: 'General Series',
    citation: 'PS3.3 C.7.3.1',
    kinds: every,
    rules: [
      ['Modality', 1],
      ['SeriesInstanceUID', 1],
      ['SeriesNumber', 2],
    ],
  },
  { name: 'General Equipment', citation: 'PS3.3 C.7.5.1', kinds: visibleLight, rules: [['Manufacturer', 2]] },
  { name: 'General Image', citation: 'PS3.3 C.7.6.1', kinds: every, rules: [['InstanceNumber', 2]] },
  { name: 'Cine', citation: 'PS3.3 C.7.6.5', kinds: ['video'], rules: [] },
  {
    name: 'Multi-frame',
    citation: 'PS3.3 C.7.6.6',
    kinds: moving,
    rules: [
      ['NumberOfFrames', 1],
      ['FrameIncrementPointer', 1],
    ],
  },
  {
    name: 'Image Pixel',
    citation: 'PS3.3 C.7.6.3',
    kinds: every,
    rules: [
      ['SamplesPerPixel', 1],
      ['PhotometricInterpretation', 1],
      ['PlanarConfiguration', 1],
      ['Rows', 1],
      ['Columns', 1],
      ['BitsAllocated', 1],
      ['BitsStored', 1],
      ['HighBit', 1],
      ['PixelRepresentation', 1],
    ],
  },
  {
    name: 'VL Image',
    citation: 'PS3.3 C.8.12.1',
    kinds: visibleLight,
    rules: [
      ['ImageType', 1],
      ['LossyImageCompression', 1],
    ],
  },
  {
    name: 'Acquisition Context',
    citation: 'PS3.3 C.7.6.14',
    kinds: visibleLight,
    rules: [['AcquisitionContextSequence', 2]],
  },
  { name: 'SC Equipment', citation: 'PS3.3 C.8.6.1', kinds: ['secondary-capture'], rules: [['ConversionType', 1]] },
  {
    name: 'SC Multi-frame Image',
    citation: 'PS3.3 C.8.6.3',
    kinds: ['secondary-capture'],
    rules: [['BurnedInAnnotation', 1]],
  },
  {
    name: 'SOP Common',
    citation: 'PS3.3 C.12.1',
    kinds: every,
    rules: [
      ['SOPClassUID', 1],
      ['SOPInstanceUID', 1],
    ],
  },
];

const values = (dataset: Dataset, keyword: string): readonly unknown[] => {
  const value = dataset[keyword];
  return value === undefined ? [] : typeof value === 'object' ? value : [value];
};
const filled = (dataset: Dataset, keyword: string) => values(dataset, keyword).some((each) => each !== '');

/**
 * Checks an object against the modules of its IOD: attributes of type 1 and 2, the conditions that our objects meet,
 * and the values that the pixel modules allow. Attributes only; the payload is `checkEncapsulation`'s.
 * An object of a SOP class that SmartBox does not write is a warning.
 */
export function checkIod(parsed: ParsedPart10): Finding[] {
  const findings = new Findings();
  const { dataset } = parsed;
  const sopClass = sopClasses.get(parsed.sopClassUid);
  if (!sopClass) {
    const known = `SOP class ${parsed.sopClassUid} is none that SmartBox knows the modules of`;
    findings.warning('unknown-iod', known, 'PS3.3 A');
    return findings.list;
  }
  for (const { name, citation, kinds, rules } of iodModules) {
    if (!kinds.includes(sopClass.kind)) continue;
    for (const [keyword, type] of rules) {
      const there = type === 1 ? filled(dataset, keyword) : dataset[keyword] !== undefined;
      const what = `${keyword} (type ${type}) is ${dataset[keyword] === undefined ? 'missing' : 'empty'} in the ${name} Module`;
      findings.unless(there, 'missing-attribute', what, citation);
    }
  }
  pixels(parsed, findings);
  lossy(dataset, findings);
  if (sopClass.kind !== 'still') timing(dataset, findings);
  common(dataset, findings);
  return findings.list;
}

function pixels(parsed: ParsedPart10, findings: Findings): void {
  const { dataset } = parsed;
  const n = (keyword: string) => number(dataset, keyword);
  const expect = (keyword: string, wanted: readonly number[], citation: string) => {
    const value = n(keyword);
    if (value === undefined || wanted.includes(value)) return;
    findings.error('invalid-value', `${keyword} is ${value}, not ${wanted.join(' or ')}`, citation);
  };
  expect('SamplesPerPixel', [3], 'PS3.3 C.8.12.1.1');
  expect('PlanarConfiguration', [0], 'PS3.3 C.8.12.1.1');
  expect('PixelRepresentation', [0], 'PS3.3 C.8.12.1.1');
  expect('BitsAllocated', [8, 16], 'PS3.3 C.8.12.1.1');
  const [allocated = 8, stored = 8] = [n('BitsAllocated'), n('BitsStored')];
  expect('HighBit', [stored - 1], 'PS3.3 C.7.6.3');
  findings.unless(
    stored <= allocated,
    'invalid-value',
    `BitsStored ${stored} exceeds BitsAllocated ${allocated}`,
    'PS3.5 8.1.1',
  );
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  const photometric = text(dataset, 'PhotometricInterpretation');
  const allowed: readonly string[] =
    syntax?.layout === 'stream'
      ? ['YBR_PARTIAL_420']
      : syntax?.codec === 'jpeg'
        ? ['YBR_FULL_422', 'RGB']
        : syntax?.codec === 'htj2k'
          ? syntax.lossless
            ? ['YBR_RCT', 'RGB']
            : ['YBR_ICT', 'YBR_RCT', 'RGB']
          : ['RGB', 'YBR_FULL_422'];
  if (photometric !== '' && !allowed.includes(photometric)) {
    const what = `PhotometricInterpretation is ${photometric}, ${syntax?.name ?? 'the transfer syntax'} has ${allowed.join(' or ')}`;
    findings.error('photometric-interpretation', what, 'PS3.5 8.2, PS3.3 C.7.6.3.1.2');
  }
  const aspect = values(dataset, 'PixelAspectRatio');
  findings.unless(
    aspect.length === 0 || aspect.length === 2,
    'invalid-value',
    'PixelAspectRatio has two values',
    'PS3.3 C.7.6.3.1.7',
  );
}

/** PS3.3 C.7.6.1.1.5: once lossy, always lossy, with ratio and method of every step. */
function lossy(dataset: Dataset, findings: Findings): void {
  const said = text(dataset, 'LossyImageCompression');
  if (said === '') return;
  findings.unless(
    said === '00' || said === '01',
    'invalid-value',
    `LossyImageCompression is ${said}, not 00 or 01`,
    'PS3.3 C.7.6.1.1.5',
  );
  if (said !== '01') return;
  const ratios = values(dataset, 'LossyImageCompressionRatio');
  const methods = values(dataset, 'LossyImageCompressionMethod');
  findings.unless(
    ratios.length > 0,
    'missing-attribute',
    'LossyImageCompressionRatio is missing in a lossy object',
    'PS3.3 C.8.12.1',
  );
  findings.unless(
    methods.length === 0 || methods.length === ratios.length,
    'lossy-history',
    `${ratios.length} ratios and ${methods.length} methods do not name the same steps`,
    'PS3.3 C.7.6.1.1.5.1',
  );
}

function timing(dataset: Dataset, findings: Findings): void {
  const frames = number(dataset, 'NumberOfFrames') ?? 0;
  findings.unless(
    Number.isInteger(frames) && frames > 0,
    'invalid-value',
    `NumberOfFrames is ${frames}`,
    'PS3.3 C.7.6.6',
  );
  const pointer = number(dataset, 'FrameIncrementPointer');
  const [time, vector] = [0x0018_1063, 0x0018_1065];
  if (pointer === time)
    findings.unless(
      (number(dataset, 'FrameTime') ?? 0) > 0,
      'missing-attribute',
      'FrameIncrementPointer names FrameTime, which is missing',
      'PS3.3 C.7.6.5',
    );
  if (pointer === vector) {
    const times = values(dataset, 'FrameTimeVector');
    findings.unless(
      times.length === frames,
      'frame-times',
      `FrameTimeVector has ${times.length} values for ${frames} frames`,
      'PS3.3 C.7.6.5.1.2',
    );
  }
}

function common(dataset: Dataset, findings: Findings): void {
  for (const keyword of ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID']) {
    const value = text(dataset, keyword);
    const legal = value === '' || (/^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(value) && value.length <= 64);
    findings.unless(legal, 'invalid-uid', `${keyword} is no UID`, 'PS3.5 9.1');
  }
  const sex = text(dataset, 'PatientSex');
  findings.unless(['', 'M', 'F', 'O'].includes(sex), 'invalid-value', 'PatientSex is not M, F or O', 'PS3.3 C.7.1.1');
  for (const keyword of ['PatientBirthDate', 'StudyDate', 'ContentDate']) {
    const value = text(dataset, keyword);
    findings.unless(
      value === '' || /^\d{8}$/.test(value),
      'invalid-value',
      `${keyword} is no date YYYYMMDD`,
      'PS3.5 6.2',
    );
  }
  const type = values(dataset, 'ImageType');
  findings.unless(
    type.length === 0 || type.length >= 2,
    'invalid-value',
    'ImageType has at least two values',
    'PS3.3 C.7.6.1.1.2',
  );
  const encoded = JSON.stringify(dataset);
  const plain = [...encoded].every((each) => each <= '\u007f');
  findings.unless(
    plain || dataset['SpecificCharacterSet'] !== undefined,
    'character-set',
    'Characters beyond ASCII need a SpecificCharacterSet',
    'PS3.3 C.12.1.1.2',
  );
}
