/** Service classes beside storage, PS3.6 table A-1. */
export const Verification = '1.2.840.10008.1.1';
export const ModalityWorklistFind = '1.2.840.10008.5.1.4.31';
export const StorageCommitmentPushModel = '1.2.840.10008.1.20.1';
/** The well-known SOP instance that every commitment is asked of, PS3.4 section J.3. */
export const StorageCommitmentInstance = '1.2.840.10008.1.20.1.1';
export const ModalityPerformedProcedureStep = '1.2.840.10008.3.1.2.3.3';

/** Transfer syntaxes of what we read ourselves, PS3.6 table A-1. */
export const ImplicitLittleEndian = '1.2.840.10008.1.2';
export const ExplicitLittleEndian = '1.2.840.10008.1.2.1';
