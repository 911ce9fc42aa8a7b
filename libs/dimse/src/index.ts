export type { AcceptorLimits, Caller } from './acceptor.ts';
export type { Rejection } from './associate.ts';
export { AssociationPool, type ObjectKind } from './association-pool.ts';
export { Association, type AssociationOptions } from './association.ts';
export { encodeCommand } from './command-set.ts';
export {
  EventStatus,
  readCommitmentReport,
  requestCommitment,
  transactionUidOf,
  type CommitmentReport,
  type InstanceReference,
} from './commitment.ts';
export { Dataset, Tag, writeDataset, type ElementToWrite } from './dataset.ts';
export { echo } from './echo-scu.ts';
export { DimseError } from './failures.ts';
export { DimseListener, LISTENER_LIMITS, type ListenerOptions } from './listener.ts';
export { dataHeader, PduType } from './pdu.ts';
export {
  createProcedureStep,
  endProcedureStep,
  type BegunStep,
  type EndedStep,
  type PerformedSeries,
  type StepAnswer,
} from './procedure-step.ts';
export { acceptedSopClasses, dimseServices } from './services.ts';
export * from './sop-classes.ts';
export { store } from './store-scu.ts';
export { certificatesOf, tlsOptions, type ConfiguredCertificate, type TlsFiles } from './tls.ts';
export { findWorklist, type WorklistAnswer, type WorklistQuery } from './worklist.ts';
