import type { ProcedureSnapshot } from '@smartbox/contracts';

export const recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs'],
  destinations: [],
} satisfies ProcedureSnapshot['recipe'];

/** As the catalog has it of a worklist item with everything that an order can say. */
export const snapshot = (procedureId: string): ProcedureSnapshot => ({
  procedureId,
  version: 0,
  stationId: 'or-1',
  stationName: 'OP 1 (Ost, groß)',
  startedAt: '2026-01-05T22:30:00.000Z',
  recipe,
  patient: { name: 'Müller-Lüdenscheidt^Jürgen', id: 'P-1', birthDate: '19700102', sex: 'M' },
  study: { studyInstanceUid: '2.25.1001', accessionNumber: 'A-1', description: 'Gastroskopie \\ "Süd"' },
  request: {
    requestedProcedureId: 'R-1',
    scheduledProcedureStepId: 'S-1',
    requestedProcedureCodes: [
      { code: '76009000', scheme: 'SCT', meaning: 'Ösophagogastroduodenoskopie' },
      { code: '999000011000001104', scheme: 'SCT', meaning: 'Spiegelung, früh' },
    ],
    scheduledProtocolCodes: [{ code: 'G-2', scheme: '99KLINIK', version: '2026', meaning: 'Gastroskopie, Prüfung' }],
    referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.2001' }],
    performingPhysician: 'Weiß^Jörg',
  },
  utcOffsetMinutes: 120,
});

/** `destinations.yaml` of a site whose information system is told. */
export const told = (aeTitle: string, port: number, settleSeconds = 0) => ({
  destinations: [],
  worklist: {
    aeTitle,
    host: '127.0.0.1',
    port,
    mpps: { aeTitle, host: '127.0.0.1', port, idleTimeoutSeconds: 3, settleSeconds },
  },
});
