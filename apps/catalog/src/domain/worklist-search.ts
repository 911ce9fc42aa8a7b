import type { RpcRequest, WorklistItem, WorklistSearch } from '@smartbox/contracts';

/**
 * What a person typed as a matching key: `Müller, An` is `Müller*^An*`, a family name and a given name from their
 * beginnings (PS3.4 C.2.2.2.4). What has wildcards or DICOM's own delimiters stays as it is.
 */
function nameKey(typed: string): string {
  if (/[*?^]/.test(typed)) return typed;
  const [family = '', ...given] = typed.split(',').map((part) => part.trim());
  return [family, given.join(' ')]
    .map((part) => `${part}*`)
    .join('^')
    .replace(/\^\*$/, '');
}

export function queryOf(asked: WorklistSearch, stationAe?: string): RpcRequest<'pacs-gateway.find-worklist'> {
  const { name, patientId, accession, modality, date, limit } = asked;
  return {
    limit,
    ...(stationAe === undefined ? {} : { stationAe }),
    ...(name === undefined ? {} : { patientName: nameKey(name) }),
    ...(patientId === undefined ? {} : { patientId }),
    ...(accession === undefined ? {} : { accessionNumber: accession }),
    ...(modality === undefined ? {} : { modality }),
    ...(date === undefined ? {} : { date: date.replaceAll('-', '') }),
  };
}

/** Would it be among the answers? For items that are known while nobody can be asked: any part of a text counts. */
export function isAnswer({ patient, ...item }: WorklistItem, asked: WorklistSearch): boolean {
  const has = (text: string | undefined, wanted: string | undefined) =>
    (wanted ?? '')
      .toLowerCase()
      .split(/[\s,^*?]+/)
      .every((word) => (text ?? '').toLowerCase().includes(word));
  return (
    has(patient.name, asked.name) &&
    has(patient.id, asked.patientId) &&
    has(item.accessionNumber, asked.accession) &&
    (asked.modality === undefined || item.modality === asked.modality) &&
    (asked.date === undefined || (item.scheduledAt ?? '').startsWith(asked.date))
  );
}
