import type { ScheduledCode } from '@smartbox/contracts';
import { personName } from '@smartbox/dicom';
import { Association, type AssociationOptions } from './association.ts';
import { codeSequence } from './codes.ts';
import { CommandField, type CommandSet } from './command-set.ts';
import type { InstanceReference } from './commitment.ts';
import { writeDataset, type ElementToWrite } from './dataset.ts';
import { DimseError } from './failures.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian, ModalityPerformedProcedureStep } from './sop-classes.ts';

/** A performed procedure step as it begins; dates `YYYYMMDD`, times `HHMMSS`, local time of the site. */
export interface BegunStep {
  sopInstanceUid: string;
  /** Performed Procedure Step ID, at most 16 characters. */
  stepId: string;
  stationAeTitle: string;
  stationName: string;
  date: string;
  time: string;
  modality: string;
  description: string;
  patient: {
    name: string;
    id: string;
    issuer?: string | undefined;
    birthDate?: string | undefined;
    sex?: string | undefined;
  };
  studyInstanceUid: string;
  studyId?: string | undefined;
  accessionNumber?: string | undefined;
  requestedProcedureId?: string | undefined;
  requestedProcedureDescription?: string | undefined;
  scheduledStepId?: string | undefined;
  scheduledStepDescription?: string | undefined;
  /** What was ordered: also the procedure that is performed. */
  procedureCodes?: readonly ScheduledCode[] | undefined;
  /** What was planned: also the protocol that is performed. */
  protocolCodes?: readonly ScheduledCode[] | undefined;
  referencedStudies?: readonly InstanceReference[] | undefined;
}

/** A series of the step with its objects. */
export interface PerformedSeries {
  seriesInstanceUid: string;
  /** Of the protocol; never empty. */
  protocolName: string;
  performingPhysician?: string | undefined;
  instances: readonly InstanceReference[];
}

/** How the step ended. */
export interface EndedStep {
  sopInstanceUid: string;
  status: 'COMPLETED' | 'DISCONTINUED';
  date: string;
  time: string;
  series: readonly PerformedSeries[];
  /** Why it was discontinued, of PS3.16 CID 9300. */
  reason?: ScheduledCode;
}

/** Status of the N-CREATE or N-SET response, PS3.7 annex C; `errorId` of PS3.4 table F.7.2-2. */
export interface StepAnswer {
  status: number;
  errorId?: number;
}

/** A description: what a value may not hold becomes a space, its tail is cut (PS3.5 section 6.2). */
function text(value: string | undefined, max: number): string {
  const plain = (value ?? '')
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\\]/g, ' ');
  return [...plain].slice(0, max).join('').trim();
}

const empty = (tag: number): ElementToWrite => ({ tag, vr: 'SQ', value: [] });

/** (0008,0005) only where it is needed: some information systems refuse what they do not know. */
function withCharacterSet(elements: ElementToWrite[]): ElementToWrite[] {
  const ascii = /^[\u0000-\u007f]*$/.test(JSON.stringify(elements));
  return ascii ? elements : [{ tag: 0x00080005, vr: 'CS', value: 'ISO_IR 192' }, ...elements];
}

/** SOP Instance Reference Macro, PS3.3 table 10-11. */
const references = (tag: number, instances: readonly InstanceReference[] = []): ElementToWrite => ({
  tag,
  vr: 'SQ',
  value: instances.map(({ sopClassUid, sopInstanceUid }) => [
    { tag: 0x00081150, vr: 'UI', value: sopClassUid },
    { tag: 0x00081155, vr: 'UI', value: sopInstanceUid },
  ]),
});

/** PS3.4 table F.7.2-1, column N-CREATE: every attribute of types 1 and 2; of type 3 only what the order has. */
function creation(step: BegunStep): ElementToWrite[] {
  const { patient } = step;
  const scheduled: ElementToWrite[] = [
    { tag: 0x00080050, vr: 'SH', value: text(step.accessionNumber, 16) },
    references(0x00081110, step.referencedStudies), // Referenced Study Sequence
    { tag: 0x0020000d, vr: 'UI', value: step.studyInstanceUid },
    { tag: 0x00321060, vr: 'LO', value: text(step.requestedProcedureDescription, 64) },
    // Requested Procedure Code Sequence, type 3
    ...(step.procedureCodes?.length ? [codeSequence(0x00321064, step.procedureCodes)] : []),
    { tag: 0x00400007, vr: 'LO', value: text(step.scheduledStepDescription, 64) },
    codeSequence(0x00400008, step.protocolCodes), // Scheduled Protocol Code Sequence
    { tag: 0x00400009, vr: 'SH', value: text(step.scheduledStepId, 16) },
    { tag: 0x00401001, vr: 'SH', value: text(step.requestedProcedureId, 16) },
  ];
  return withCharacterSet([
    { tag: 0x00080060, vr: 'CS', value: step.modality },
    codeSequence(0x00081032, step.procedureCodes), // Procedure Code Sequence
    empty(0x00081120), // Referenced Patient Sequence
    { tag: 0x00100010, vr: 'PN', value: personName('PatientName', patient.name) },
    { tag: 0x00100020, vr: 'LO', value: text(patient.id, 64) },
    ...(patient.issuer ? [{ tag: 0x00100021, vr: 'LO', value: text(patient.issuer, 64) }] : []),
    { tag: 0x00100030, vr: 'DA', value: patient.birthDate ?? '' },
    { tag: 0x00100040, vr: 'CS', value: patient.sex ?? '' },
    { tag: 0x00200010, vr: 'SH', value: text(step.studyId, 16) },
    { tag: 0x00400241, vr: 'AE', value: step.stationAeTitle },
    { tag: 0x00400242, vr: 'SH', value: text(step.stationName, 16) },
    { tag: 0x00400243, vr: 'SH', value: '' }, // Performed Location
    { tag: 0x00400244, vr: 'DA', value: step.date },
    { tag: 0x00400245, vr: 'TM', value: step.time },
    { tag: 0x00400250, vr: 'DA', value: '' }, // end date and time
    { tag: 0x00400251, vr: 'TM', value: '' },
    { tag: 0x00400252, vr: 'CS', value: 'IN PROGRESS' },
    { tag: 0x00400253, vr: 'SH', value: text(step.stepId, 16) },
    { tag: 0x00400254, vr: 'LO', value: text(step.description, 64) },
    { tag: 0x00400255, vr: 'LO', value: '' }, // Performed Procedure Type Description
    codeSequence(0x00400260, step.protocolCodes), // Performed Protocol Code Sequence
    { tag: 0x00400270, vr: 'SQ', value: [scheduled] },
    empty(0x00400340), // Performed Series Sequence
  ]);
}

/** PS3.4 table F.7.2-1, column N-SET: what the final state requires. */
function ending(step: EndedStep): ElementToWrite[] {
  const series = step.series.map((one): ElementToWrite[] => [
    { tag: 0x00080054, vr: 'AE', value: '' }, // Retrieve AE Title
    { tag: 0x0008103e, vr: 'LO', value: '' }, // Series Description
    { tag: 0x00081050, vr: 'PN', value: personName('PerformingPhysicianName', one.performingPhysician ?? '') },
    { tag: 0x00081070, vr: 'PN', value: '' }, // Operators' Name
    references(0x00081140, one.instances), // Referenced Image Sequence
    { tag: 0x00181030, vr: 'LO', value: text(one.protocolName, 64) },
    { tag: 0x0020000e, vr: 'UI', value: one.seriesInstanceUid },
    empty(0x00400220), // Referenced Non-Image Composite SOP Instance Sequence
  ]);
  return withCharacterSet([
    { tag: 0x00400250, vr: 'DA', value: step.date },
    { tag: 0x00400251, vr: 'TM', value: step.time },
    { tag: 0x00400252, vr: 'CS', value: step.status },
    // Performed Procedure Step Discontinuation Reason Code Sequence
    ...(step.reason ? [codeSequence(0x00400281, [step.reason])] : []),
    { tag: 0x00400340, vr: 'SQ', value: series },
  ]);
}

/** MPPS N-CREATE (PS3.4 section F.7.2.1) on an association of its own. @throws DimseError. */
export function createProcedureStep(
  options: Omit<AssociationOptions, 'contexts'>,
  step: BegunStep,
): Promise<StepAnswer> {
  const command = { commandField: CommandField.createRequest, sopClassUid: ModalityPerformedProcedureStep };
  return exchange(options, { ...command, sopInstanceUid: step.sopInstanceUid }, creation(step));
}

/** MPPS N-SET of the final state (PS3.4 section F.7.2.2) on an association of its own. @throws DimseError. */
export function endProcedureStep(options: Omit<AssociationOptions, 'contexts'>, step: EndedStep): Promise<StepAnswer> {
  const command = { commandField: CommandField.setRequest, requestedClassUid: ModalityPerformedProcedureStep };
  return exchange(options, { ...command, requestedInstanceUid: step.sopInstanceUid }, ending(step));
}

async function exchange(
  options: Omit<AssociationOptions, 'contexts'>,
  command: Omit<CommandSet, 'hasDataset' | 'messageId'>,
  elements: readonly ElementToWrite[],
): Promise<StepAnswer> {
  const transferSyntaxes = [ExplicitLittleEndian, ImplicitLittleEndian];
  const contexts = [{ abstractSyntax: ModalityPerformedProcedureStep, transferSyntaxes }];
  const association = await Association.open({ ...options, contexts });
  return association.during(options.signal, async () => {
    try {
      const context = association.context(ModalityPerformedProcedureStep);
      const messageId = association.nextMessageId();
      const dataset = writeDataset(elements, context.transferSyntax);
      await association.sendCommand(context.id, { ...command, messageId, hasDataset: true });
      await association.sendData(context.id, dataset.length, [dataset]);
      const { command: answer } = await association.receive();
      if (
        answer.commandField !== (command.commandField | 0x8000) ||
        answer.respondedTo !== messageId ||
        answer.status === undefined
      ) {
        const what = `${association.peer} answered a performed procedure step with something else`;
        throw new DimseError('peer-protocol-error', 'transfer', what);
      }
      await association.release();
      return { status: answer.status, ...(answer.errorId === undefined ? {} : { errorId: answer.errorId }) };
    } finally {
      association.abort(); // does nothing once it is released
    }
  });
}
