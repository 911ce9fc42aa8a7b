import type { MppsConfig, ProcedureSnapshot } from '@smartbox/contracts';
import { localTime } from '@smartbox/dicom';
import {
  createProcedureStep,
  endProcedureStep,
  tlsOptions,
  type AssociationOptions,
  type StepAnswer,
} from '@smartbox/dimse';
import { deterministicUid } from '@smartbox/kernel';
import type { InformationSystem } from '../application/procedure-ports.ts';
import { stepIdOf, stepUidOf } from '../domain/procedure-step.ts';

/** PS3.16 CID 9300, Procedure Discontinuation Reasons. */
const WRONG_ENTRY = { code: '110514', scheme: 'DCM', meaning: 'Incorrect worklist entry selected' };

/** MPPS SCU, PS3.4 annex F. */
export class DicomInformationSystem implements InformationSystem {
  readonly settleSeconds: number;
  readonly #options: Omit<AssociationOptions, 'contexts' | 'signal'>;

  /** `configDir`: where relative names of certificate files are looked up. */
  constructor(config: MppsConfig, configDir: string) {
    this.settleSeconds = config.settleSeconds;
    this.#options = {
      host: config.host,
      port: config.port,
      calledAeTitle: config.aeTitle,
      callingAeTitle: config.callingAeTitle,
      maxPduBytes: 131_072,
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, 'worklist.mpps') } : {}),
    };
  }

  create(procedure: ProcedureSnapshot, version: number, signal: AbortSignal): Promise<StepAnswer> {
    const { procedureId, patient, study, request, recipe } = procedure;
    return createProcedureStep(
      { ...this.#options, signal },
      {
        sopInstanceUid: stepUidOf(procedureId, version),
        stepId: stepIdOf(procedureId, version),
        stationAeTitle: this.#options.callingAeTitle,
        stationName: procedure.stationName,
        ...local(procedure.startedAt, procedure),
        modality: recipe.dicom.modality,
        description: study.description ?? recipe.title.en,
        patient,
        studyInstanceUid: study.studyInstanceUid,
        studyId: study.studyId,
        accessionNumber: study.accessionNumber,
        requestedProcedureId: request?.requestedProcedureId,
        requestedProcedureDescription: request?.requestedProcedureDescription,
        scheduledStepId: request?.scheduledProcedureStepId,
        scheduledStepDescription: request?.scheduledProcedureStepDescription,
        procedureCodes: request?.requestedProcedureCodes,
        protocolCodes: request?.scheduledProtocolCodes,
        referencedStudies: request?.referencedStudies,
      },
    );
  }

  end(
    procedure: ProcedureSnapshot,
    { version, endedAt, series, why }: Parameters<InformationSystem['end']>[1],
    signal: AbortSignal,
  ): Promise<StepAnswer> {
    const { procedureId, recipe, request } = procedure;
    const of = {
      protocolName: recipe.title.en || recipe.name,
      // the snapshot is that of the right patient
      performingPhysician: why ? undefined : request?.performingPhysician,
    };
    // The final state needs a series, also where nothing was made (PS3.4 table F.7.2-1).
    const none = { seriesInstanceUid: deterministicUid('mpps-series', procedureId), instances: [] };
    return endProcedureStep(
      { ...this.#options, signal },
      {
        sopInstanceUid: stepUidOf(procedureId, version),
        status: series.length > 0 && !why ? 'COMPLETED' : 'DISCONTINUED',
        ...(why ? { reason: WRONG_ENTRY } : {}),
        ...local(endedAt, procedure),
        series: (series.length > 0 ? series : [none]).map((one) => ({ ...one, ...of })),
      },
    );
  }
}

function local(instant: string, { utcOffsetMinutes }: ProcedureSnapshot): { date: string; time: string } {
  const { date, time } = localTime(new Date(instant), utcOffsetMinutes);
  return { date, time: time.slice(0, 6) };
}
