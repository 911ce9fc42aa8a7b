/** Levels of a search, from the whole down. */
export type QidoLevel = 'study' | 'series' | 'instance';

/** How a key is matched, PS3.4 section C.2.2.2. */
export type QidoMatching = 'wildcard' | 'name' | 'range' | 'uid-list';

/** What the catalog's QIDO-RS matches (PS3.18 table 10.6.1-5): level and way of matching of each. */
export const qidoKeys = {
  StudyInstanceUID: ['study', 'uid-list'],
  StudyDate: ['study', 'range'],
  AccessionNumber: ['study', 'wildcard'],
  ModalitiesInStudy: ['study', 'wildcard'],
  ReferringPhysicianName: ['study', 'name'],
  PatientName: ['study', 'name'],
  PatientID: ['study', 'wildcard'],
  PatientBirthDate: ['study', 'range'],
  StudyID: ['study', 'wildcard'],
  StudyDescription: ['study', 'wildcard'],
  SeriesInstanceUID: ['series', 'uid-list'],
  Modality: ['series', 'wildcard'],
  SOPInstanceUID: ['instance', 'uid-list'],
  SOPClassUID: ['instance', 'uid-list'],
} as const satisfies Record<string, readonly [QidoLevel, QidoMatching]>;
export type QidoKey = keyof typeof qidoKeys;

const words = (text: string): readonly string[] => text.split(' ');

/** Keywords of what an answer has of each level without being asked, PS3.18 tables 10.6.3-3 to 10.6.3-5. */
export const qidoResults: Readonly<Record<QidoLevel, readonly string[]>> = {
  study: words(
    'SpecificCharacterSet StudyDate StudyTime AccessionNumber ReferringPhysicianName TimezoneOffsetFromUTC ' +
      'StudyDescription PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyID',
  ),
  series: words(
    'SpecificCharacterSet Modality TimezoneOffsetFromUTC SeriesDescription StudyInstanceUID SeriesInstanceUID ' +
      'SeriesNumber PerformedProcedureStepStartDate PerformedProcedureStepStartTime RequestAttributesSequence',
  ),
  instance: words(
    'SpecificCharacterSet SOPClassUID SOPInstanceUID TimezoneOffsetFromUTC StudyInstanceUID SeriesInstanceUID ' +
      'InstanceNumber NumberOfFrames Rows Columns BitsAllocated',
  ),
};

/** Keywords of what is counted or known besides, by level. */
export const qidoComputed: Readonly<Record<QidoLevel, readonly string[]>> = {
  study: words(
    'InstanceAvailability ModalitiesInStudy RetrieveURL NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances',
  ),
  series: words('InstanceAvailability RetrieveURL NumberOfSeriesRelatedInstances'),
  instance: words('InstanceAvailability RetrieveURL'),
};
