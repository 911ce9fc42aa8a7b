import { ConsentState, ProcedureSnapshot, Recipe } from '@smartbox/contracts';
import type { PatientAndStudy, Procedure } from '../application/ports.ts';
import type { Procedure as Row, ProcedureVersion as VersionRow } from '../generated/prisma/client.ts';
import { json, jsonOrNull } from './database.ts';

export const toProcedure = (row: Row): Procedure => ({
  procedureId: row.procedureId,
  stationId: row.stationId,
  worklistItemId: row.worklistItemId,
  emergency: row.emergency,
  recipe: Recipe.parse(row.recipe),
  version: row.version,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  conversationAt: row.conversationAt,
  consent: ConsentState.parse(row.consent),
});

export function toWho(row: VersionRow): PatientAndStudy {
  const { patient, study, request } = ProcedureSnapshot.pick({ patient: true, study: true, request: true }).parse({
    patient: row.patient,
    study: row.study,
    request: row.request ?? undefined,
  });
  return { patient, study, ...(request ? { request } : {}) };
}

export const columns = ({ patient, study }: PatientAndStudy) => ({
  patientName: patient.name,
  patientId: patient.id,
  accessionNumber: study.accessionNumber ?? null,
  description: study.description ?? null,
});
export const versionRow = (who: PatientAndStudy) => ({
  patient: json(who.patient),
  study: json(who.study),
  request: jsonOrNull(who.request),
});
