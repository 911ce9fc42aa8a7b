import type { RpcRequest, WorklistItem } from '@smartbox/contracts';
import { deterministicId, inputError } from '@smartbox/kernel';
import { personName } from '@smartbox/dicom';
import { Association, type AssociationOptions } from './association.ts';
import { codeKeys, readCodes } from './codes.ts';
import { Dataset, Tag, writeDataset, type ElementToWrite } from './dataset.ts';
import { find } from './find-scu.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian, ModalityWorklistFind } from './sop-classes.ts';

export type WorklistQuery = Omit<RpcRequest<'pacs-gateway.find-worklist'>, 'limit'>;

export interface WorklistAnswer {
  items: WorklistItem[];
  truncated: boolean;
  /** Items that could not be read: for the log, never silently. */
  unreadable: number;
}

/** More than a department schedules in a day. */
const DEFAULT_LIMIT = 500;

/** Modality Worklist, PS3.4 annex K, on an association of its own. @throws DimseError, SmartBoxError `invalid-query`. */
export async function findWorklist(
  options: Omit<AssociationOptions, 'contexts'>,
  query: WorklistQuery,
  limit = DEFAULT_LIMIT,
): Promise<WorklistAnswer> {
  const identifier = worklistIdentifier(query);
  const association = await Association.open({
    ...options,
    contexts: [
      { abstractSyntax: ModalityWorklistFind, transferSyntaxes: [ExplicitLittleEndian, ImplicitLittleEndian] },
    ],
  });
  try {
    const found = await find(association, ModalityWorklistFind, (syntax) => writeDataset(identifier, syntax), limit);
    await association.release();
    const items: WorklistItem[] = [];
    let unreadable = 0;
    for (const bytes of found.identifiers) {
      try {
        items.push(...worklistItems(Dataset.read(bytes, found.transferSyntax)));
      } catch {
        unreadable += 1; // one broken item must not hide the others
      }
    }
    return { items, truncated: found.truncated, unreadable };
  } finally {
    association.abort(); // does nothing once it is released
  }
}

/** A key of the query: no wildcard lists, no second value, nothing that ends an element. */
function key(name: keyof WorklistQuery, query: WorklistQuery, max: number): string {
  const value = query[name]?.normalize('NFC') ?? '';

  if (/[\u0000-\u001f\\]/.test(value) || value.length > max) {
    throw inputError('invalid-query', `${name}: at most ${max} characters, no backslash, no control characters`);
  }
  return value;
}

/**
 * The identifier: what is asked for, and empty return keys for what we read (PS3.4 table K.6-1). Nothing else: some
 * servers match nothing when an identifier has attributes that they do not know.
 */
function worklistIdentifier(query: WorklistQuery): ElementToWrite[] {
  const date = key('date', query, 17);
  if (date !== '' && !/^(\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8})$/.test(date)) {
    throw inputError('invalid-query', `date: YYYYMMDD or a range of it (PS3.4 C.2.2.2.5), not ${JSON.stringify(date)}`);
  }
  const step: ElementToWrite[] = [
    { tag: Tag.Modality, vr: 'CS', value: key('modality', query, 16) },
    { tag: Tag.ScheduledStationAETitle, vr: 'AE', value: key('stationAe', query, 16) },
    { tag: Tag.ScheduledProcedureStepStartDate, vr: 'DA', value: date },
    { tag: Tag.ScheduledProcedureStepStartTime, vr: 'TM', value: '' },
    { tag: Tag.ScheduledPerformingPhysicianName, vr: 'PN', value: '' },
    { tag: Tag.ScheduledProcedureStepDescription, vr: 'LO', value: '' },
    codeKeys(Tag.ScheduledProtocolCodeSequence),
    { tag: Tag.ScheduledProcedureStepID, vr: 'SH', value: '' },
  ];
  const study: ElementToWrite[] = [
    { tag: Tag.ReferencedSOPClassUID, vr: 'UI', value: '' },
    { tag: Tag.ReferencedSOPInstanceUID, vr: 'UI', value: '' },
  ];
  const elements: ElementToWrite[] = [
    { tag: Tag.AccessionNumber, vr: 'SH', value: key('accessionNumber', query, 16) },
    { tag: Tag.ReferringPhysicianName, vr: 'PN', value: '' },
    { tag: Tag.ReferencedStudySequence, vr: 'SQ', value: [study] },
    { tag: Tag.PatientName, vr: 'PN', value: key('patientName', query, 64) },
    { tag: Tag.PatientID, vr: 'LO', value: key('patientId', query, 64) },
    { tag: Tag.IssuerOfPatientID, vr: 'LO', value: '' },
    { tag: Tag.PatientBirthDate, vr: 'DA', value: '' },
    { tag: Tag.PatientSex, vr: 'CS', value: '' },
    { tag: Tag.StudyInstanceUID, vr: 'UI', value: '' },
    { tag: Tag.RequestedProcedureDescription, vr: 'LO', value: '' },
    codeKeys(Tag.RequestedProcedureCodeSequence),
    { tag: Tag.RequestedProcedureID, vr: 'SH', value: '' },
    { tag: Tag.ScheduledProcedureStepSequence, vr: 'SQ', value: [step] },
  ];

  const ascii = /^[\u0000-\u007f]*$/.test(Object.values(query).join(''));
  return ascii ? elements : [{ tag: Tag.SpecificCharacterSet, vr: 'CS', value: 'ISO_IR 192' }, ...elements];
}

/** DA and TM as `YYYY-MM-DDTHH:MM:SS`; undefined without a date. */
function localDateTime(date: string | undefined, time: string | undefined): string | undefined {
  const day = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(date ?? '');
  if (!day) return undefined;
  const clock = /^(\d{2}):?(\d{2})?:?(\d{2})?/.exec(time ?? '');
  return `${day[1]}-${day[2]}-${day[3]}T${clock?.[1] ?? '00'}:${clock?.[2] ?? '00'}:${clock?.[3] ?? '00'}`;
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}

const isUid = (value: string | undefined): value is string =>
  value !== undefined && value.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(value);

function referencedStudies(answer: Dataset): WorklistItem['referencedStudies'] {
  const studies = answer.items(Tag.ReferencedStudySequence).flatMap((item) => {
    const sopClassUid = item.text(Tag.ReferencedSOPClassUID);
    const sopInstanceUid = item.text(Tag.ReferencedSOPInstanceUID);
    return isUid(sopClassUid) && isUid(sopInstanceUid) ? [{ sopClassUid, sopInstanceUid }] : [];
  });
  return studies.length > 0 ? studies : undefined;
}

/** The first of them; none where it breaks the rules of a name: it is copied into objects, which it must not cost. */
function physician(step: Dataset | undefined): string | undefined {
  const [first = ''] = (step?.text(Tag.ScheduledPerformingPhysicianName, 'name') ?? '').split('\\');
  try {
    return personName('ScheduledPerformingPhysicianName', first) || undefined;
  } catch {
    return undefined;
  }
}

/** One item per scheduled procedure step of one answer. */
function worklistItems(answer: Dataset): WorklistItem[] {
  const steps = answer.items(Tag.ScheduledProcedureStepSequence);
  const accessionNumber = answer.text(Tag.AccessionNumber, 'text');
  const studyInstanceUid = answer.text(Tag.StudyInstanceUID);
  const birthDate = answer.text(Tag.PatientBirthDate)?.replaceAll('.', '');
  const sex = answer.text(Tag.PatientSex);
  const patientId = answer.text(Tag.PatientID, 'text') ?? '';
  const requestedProcedureId = answer.text(Tag.RequestedProcedureID, 'text');
  return (steps.length > 0 ? steps : [undefined]).map((step) => {
    const stepId = step?.text(Tag.ScheduledProcedureStepID, 'text');
    const station = step?.text(Tag.ScheduledStationAETitle);
    const itemId = deterministicId(
      'worklist',
      accessionNumber ?? '',
      stepId ?? '',
      station ?? '',
      requestedProcedureId ?? '',
      patientId,
    );
    return defined({
      itemId,
      patient: defined({
        name: answer.text(Tag.PatientName, 'name') ?? '',
        id: patientId,
        issuer: answer.text(Tag.IssuerOfPatientID, 'text'),
        birthDate: birthDate !== undefined && /^\d{8}$/.test(birthDate) ? birthDate : undefined,
        sex: sex === 'M' || sex === 'F' || sex === 'O' ? sex : undefined,
      }),
      accessionNumber,
      studyInstanceUid:
        studyInstanceUid !== undefined && /^[0-9.]{1,64}$/.test(studyInstanceUid) ? studyInstanceUid : undefined,
      referringPhysician: answer.text(Tag.ReferringPhysicianName, 'name'),
      requestedProcedureId,
      requestedProcedureDescription: answer.text(Tag.RequestedProcedureDescription, 'text'),
      requestedProcedureCodes: readCodes(answer, Tag.RequestedProcedureCodeSequence),
      scheduledProtocolCodes: readCodes(step, Tag.ScheduledProtocolCodeSequence),
      referencedStudies: referencedStudies(answer),
      scheduledProcedureStepId: stepId,
      scheduledProcedureStepDescription: step?.text(Tag.ScheduledProcedureStepDescription, 'text'),
      scheduledStationAe: station,
      modality: step?.text(Tag.Modality),
      scheduledAt: localDateTime(
        step?.text(Tag.ScheduledProcedureStepStartDate),
        step?.text(Tag.ScheduledProcedureStepStartTime),
      ),
      performingPhysician: physician(step),
    });
  });
}
