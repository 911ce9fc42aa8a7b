import type { FindAnswer } from './association.ts';
import { readDataSet, writeDataSet, type DataSet } from './dataset.ts';

/** One scheduled procedure step, PS3.4 annex K. Dates are YYYYMMDD, times HHMMSS, names in DICOM's form. */
export interface WorklistItem {
  patientName: string;
  patientId: string;
  patientBirthDate: string;
  patientSex: 'M' | 'F' | 'O' | '';
  accessionNumber: string;
  studyInstanceUid: string;
  requestedProcedureId: string;
  requestedProcedureDescription: string;
  referringPhysicianName?: string;
  /** The scheduled procedure step. */
  stepId: string;
  stepDescription: string;
  stationAe: string;
  modality: string;
  date: string;
  time: string;
  performingPhysicianName?: string;
  /** Codes of the requested procedure and of the protocol of its step, when the information system has them. */
  procedureCode?: WorklistCode;
  protocolCode?: WorklistCode;
  /** Detached study management (retired): some information systems still send it. */
  referencedStudyUid?: string;
}

interface WorklistCode {
  value: string;
  scheme: string;
  version?: string;
  meaning: string;
  /** Code Value unless said: Long Code Value, URN Code Value (PS3.3 section 8.1). */
  attribute?: '00080119' | '00080120';
}

const STEP_SEQUENCE = '00400100';

const codeItem = (code: WorklistCode): DataSet =>
  new Map([
    [code.attribute ?? '00080100', code.value],
    ...(code.scheme === '' ? [] : [['00080102', code.scheme] as const]),
    ...(code.version === undefined ? [] : [['00080103', code.version] as const]),
    ['00080104', code.meaning],
  ]);

/** Detached Study Management, PS3.4 (retired). */
const studyItem = (uid: string): DataSet =>
  new Map([
    ['00081150', '1.2.840.10008.3.1.2.3.1'],
    ['00081155', uid],
  ]);

/** Everything the item says, as a data set. */
export function worklistDataSet(item: WorklistItem): DataSet {
  const step: DataSet = new Map<string, string | DataSet[]>([
    ['00080060', item.modality],
    ['00400001', item.stationAe],
    ['00400002', item.date],
    ['00400003', item.time],
    ['00400006', item.performingPhysicianName ?? ''],
    ['00400007', item.stepDescription],
    ['00400008', item.protocolCode ? [codeItem(item.protocolCode)] : []],
    ['00400009', item.stepId],
    ['00400010', ''],
    ['00400011', ''],
    ['00400020', 'SCHEDULED'],
  ]);
  const all: DataSet = new Map<string, string | DataSet[]>([
    ['00080005', 'ISO_IR 192'],
    ['00080050', item.accessionNumber],
    ['00080090', item.referringPhysicianName ?? ''],
    ['00081110', item.referencedStudyUid === undefined ? [] : [studyItem(item.referencedStudyUid)]],
    ['00100010', item.patientName],
    ['00100020', item.patientId],
    ['00100030', item.patientBirthDate],
    ['00100040', item.patientSex],
    ['0020000D', item.studyInstanceUid],
    ['00321060', item.requestedProcedureDescription],
    ['00321064', item.procedureCode ? [codeItem(item.procedureCode)] : []],
    [STEP_SEQUENCE, [step]],
    ['00401001', item.requestedProcedureId],
    ['00401003', 'ROUTINE'],
  ]);
  return all;
}

const RANGE_TAGS = new Set(['00400002', '00400003', '00100030']);

/** Single value, wildcard and range matching (PS3.4 C.2.2.2); letters match whatever their case. */
export function matches(tag: string, key: string, value: string): boolean {
  if (key === '' || key === '*') return true;
  if (RANGE_TAGS.has(tag) && key.includes('-')) {
    const [from = '', to = ''] = key.split('-').map((part) => part.trim());
    return value !== '' && (from === '' || value >= from) && (to === '' || value.slice(0, to.length) <= to);
  }
  const pattern = key
    .split('\\')
    .map((one) =>
      one
        .replace(/[.+^${}()|[\]]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.'),
    )
    .join('|');
  return new RegExp(`^(?:${pattern})$`, 'iu').test(value);
}

/** Returns what the identifier asked for out of a matching item; undefined when it does not match. */
function select(identifier: DataSet, item: DataSet): DataSet | undefined {
  const selected: DataSet = new Map();
  for (const [tag, key] of identifier) {
    if (tag === '00080005') continue;
    const value = item.get(tag);
    if (typeof key === 'string') {
      if (typeof value === 'object') return undefined;
      if (!matches(tag, key, value ?? '')) return undefined;
      selected.set(tag, value ?? '');
      continue;
    }
    const wanted = key[0];
    const inside = typeof value === 'object' ? value : [];
    if (!wanted || wanted.size === 0) {
      selected.set(tag, inside); // universal matching: the whole sequence
      continue;
    }
    const found = inside.map((one) => select(wanted, one)).filter((one) => one !== undefined);
    if (found.length === 0 && [...wanted.values()].some((one) => one !== '')) return undefined;
    selected.set(tag, found);
  }
  return selected;
}

/** The answers to one worklist C-FIND: FF00 (or FF01) per match, then 0000 (PS3.4 table K.4.1-1). */
export function* findWorklist(
  items: readonly WorklistItem[],
  identifier: Buffer,
  transferSyntax: string,
  pendingStatus = 0xff00,
): Generator<FindAnswer> {
  const wanted = readDataSet(identifier, transferSyntax);
  for (const item of items) {
    const selected = select(wanted, worklistDataSet(item));
    selected?.set('00080005', 'ISO_IR 192');
    if (selected) yield { status: pendingStatus, dataSet: writeDataSet(selected, transferSyntax) };
  }
  yield { status: 0x0000 };
}
