import {
  CorrectProcedure,
  ProcedureStepReply,
  ProcedureView,
  SetConsent,
  StartProcedure,
  Token,
  WorklistView,
} from '@smartbox/contracts';
import { z } from 'zod';
import { day, listOf, procedureId, text, type Operation } from './operation.ts';

/** Patients and their procedures: part of `operations`. */
export const proceduresOperations = {
  listWorklist: {
    method: 'get',
    path: '/worklist',
    summary: "Scheduled patients; `stale` with the last answer when the RIS is away. Default: today's",
    needs: ['procedure.run', 'patient.read'],
    logs: 'worklist.query',
    query: z.object({ station: Token.optional(), date: day.optional(), q: text.optional() }),
    response: WorklistView,
  },
  startProcedure: {
    method: 'post',
    path: '/procedures',
    summary: 'Select a patient: ends what runs at the station and starts this',
    needs: 'procedure.run',
    body: StartProcedure,
    status: 201,
    response: ProcedureView,
  },
  getProcedure: {
    method: 'get',
    path: '/procedures/:procedureId',
    summary: 'One procedure',
    needs: 'clip.read',
    logs: 'procedure.open',
    params: procedureId,
    response: ProcedureView,
  },
  getProcedureStep: {
    method: 'get',
    path: '/procedures/:procedureId/step',
    summary: 'How far the information system was told of it (MPPS); asked of the PACS gateway',
    needs: 'clip.read',
    params: procedureId,
    response: ProcedureStepReply,
  },
  listProcedures: {
    method: 'get',
    path: '/procedures',
    summary: 'Procedures of a day, the latest first; at most 200',
    needs: 'clip.read',
    query: z.object({ station: Token.optional(), date: day.optional() }),
    response: listOf(ProcedureView),
  },
  endProcedure: {
    method: 'post',
    path: '/procedures/:procedureId/end',
    summary: 'End it; ending twice is fine',
    needs: 'procedure.run',
    params: procedureId,
    response: ProcedureView,
  },
  correctProcedure: {
    method: 'patch',
    path: '/procedures/:procedureId',
    summary: 'Another worklist item or patient: audited, a new version, objects are made anew',
    needs: 'patient.correct',
    params: procedureId,
    body: CorrectProcedure,
    response: ProcedureView,
  },
  setConsent: {
    method: 'post',
    path: '/procedures/:procedureId/consent',
    summary: 'What the patient said to recording and copies. Its clips say so at once; audited',
    needs: 'procedure.run',
    params: procedureId,
    body: SetConsent,
    response: ProcedureView,
  },
} as const satisfies Record<string, Operation>;
