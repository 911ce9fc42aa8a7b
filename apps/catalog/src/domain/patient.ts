import { deterministicUid } from '@smartbox/kernel';
import type { ProcedureSnapshot, WorklistItem } from '@smartbox/contracts';

type Patient = ProcedureSnapshot['patient'];
type Study = ProcedureSnapshot['study'];
type Request = NonNullable<ProcedureSnapshot['request']>;
interface Who {
  patient: Patient;
  study: Study;
  request?: Request | undefined;
}

const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== '')) as T;

/** Patient, study and request of a worklist item (PS3.3 C.4.10). Without a Study Instance UID it gets one of ours. */
export function fromWorklist(item: WorklistItem, procedureId: string): Who {
  const description = item.scheduledProcedureStepDescription ?? item.requestedProcedureDescription;
  const request = present({
    requestedProcedureId: item.requestedProcedureId,
    requestedProcedureDescription: item.requestedProcedureDescription,
    scheduledProcedureStepId: item.scheduledProcedureStepId,
    scheduledProcedureStepDescription: item.scheduledProcedureStepDescription,
    accessionNumber: item.accessionNumber,
    studyInstanceUid: item.studyInstanceUid,
    requestedProcedureCodes: item.requestedProcedureCodes,
    scheduledProtocolCodes: item.scheduledProtocolCodes,
    referencedStudies: item.referencedStudies,
    performingPhysician: item.performingPhysician,
  }) as Request;
  return {
    patient: item.patient,
    study: present({
      studyInstanceUid: item.studyInstanceUid ?? deterministicUid('study', procedureId),
      accessionNumber: item.accessionNumber,
      studyId: item.requestedProcedureId,
      referringPhysician: item.referringPhysician,
      description,
    }),
    ...(Object.keys(request).length > 0 ? { request } : {}),
  };
}

export interface LocalTime {
  /** YYYYMMDD */
  date: string;
  /** HHMM */
  time: string;
  /** Minutes east of UTC. */
  utcOffsetMinutes: number;
}

/** What the clock on the wall of the site shows. `timeZone`: IANA name. */
export function localTime(at: Date, timeZone: string): LocalTime {
  const options = { timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('en', { ...options, hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const p = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const shown = Date.parse(`${p['year']}-${p['month']}-${p['day']}T${p['hour']}:${p['minute']}:${p['second']}Z`);
  return {
    date: `${p['year']}${p['month']}${p['day']}`,
    time: `${p['hour']}${p['minute']}`,
    utcOffsetMinutes: Math.round((shown - Math.floor(at.getTime() / 1000) * 1000) / 60_000),
  };
}

/** One component of a Person Name (PS3.5 section 6.2): without its delimiters and control characters. */
const component = (text: string) =>
  text
    .replace(/[\^=\\\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** A patient nobody has told us about: `NOTFALL-20261123-3`, `Notfall^OR 1^1405`, reconciled later. */
export function emergencyPatient(
  emergency: { name?: string | undefined; sex?: 'M' | 'F' | 'O' | undefined },
  station: { name: string },
  local: LocalTime,
  number: number,
): Patient {
  const made = `Notfall^${component(station.name)}^${local.time}`;
  const given = emergency.name?.split('^').map(component).join('^').trim();
  return {
    name: (given === undefined || given === '' ? made : given).slice(0, 64),
    id: `NOTFALL-${local.date}-${number}`,
    ...(emergency.sex ? { sex: emergency.sex } : {}),
  };
}

/**
 * After a correction the objects of another patient may not share the study of the first one: a new study, unless
 * only the spelling changed.
 */
export function correctPatient(before: Who, patient: Patient, procedureId: string, version: number): Who {
  if (patient.id === before.patient.id) return { ...before, patient: { ...before.patient, ...patient } };
  return {
    patient,
    study: present({
      studyInstanceUid: deterministicUid('study', procedureId, String(version)),
      description: before.study.description,
    }),
  };
}
