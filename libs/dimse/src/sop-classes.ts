/** Service classes beside storage, PS3.6 table A-1. */
export const Verification = '1.2.840.10008.1.1';
export const ModalityWorklistFind = '1.2.840.10008.5.1.4.31';

/** Transfer syntaxes of what we read ourselves, PS3.6 table A-1. */
export const ImplicitLittleEndian = '1.2.840.10008.1.2';
export const ExplicitLittleEndian = '1.2.840.10008.1.2.1';
