import {
  ModalityPerformedProcedureStep,
  ModalityWorklistFind,
  StorageCommitmentPushModel,
  Verification,
} from './sop-classes.ts';

/** One DIMSE service beside storage, as the conformance statement lists it. */
interface DimseService {
  name: string;
  sopClassUid: string;
  /** Service class user: we ask. */
  scu: boolean;
  /** Service class provider: we answer. */
  scp: boolean;
  /** In which operations. */
  operations: string;
  citation: string;
}

export const dimseServices: readonly DimseService[] = [
  {
    name: 'Verification',
    sopClassUid: Verification,
    scu: true,
    scp: true,
    operations: 'C-ECHO',
    citation: 'PS3.4 A',
  },
  {
    name: 'Modality Worklist Information Model - FIND',
    sopClassUid: ModalityWorklistFind,
    scu: true,
    scp: false,
    operations: 'C-FIND, C-CANCEL',
    citation: 'PS3.4 K',
  },
  {
    name: 'Storage Commitment Push Model',
    sopClassUid: StorageCommitmentPushModel,
    scu: true,
    scp: false,
    operations: 'N-ACTION; N-EVENT-REPORT on the same association, or on one that the archive opens',
    citation: 'PS3.4 J',
  },
  {
    name: 'Modality Performed Procedure Step',
    sopClassUid: ModalityPerformedProcedureStep,
    scu: true,
    scp: false,
    operations: 'N-CREATE, N-SET',
    citation: 'PS3.4 F',
  },
];

/** What is accepted on associations that others open: we answer, or an archive reports in the role of the provider. */
export const acceptedSopClasses: ReadonlySet<string> = new Set([Verification, StorageCommitmentPushModel]);
