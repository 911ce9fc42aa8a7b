import { deterministicUid } from '@smartbox/kernel';
import type { WorklistItem } from '@smartbox/testing';

const patients = [
  ['Müller^Jürgen', '19520314', 'M', 'Koloskopie', 'ES', '0730', '73761001', 'Colonoscopy'],
  ['Öztürk^Ayşe', '19840902', 'F', 'Gastroskopie', 'ES', '0815', '76009000', 'Esophagogastroduodenoscopy'],
  [
    'Groß^Käthe^^Dr.',
    '19410522',
    'F',
    'Laparoskopische Cholezystektomie',
    'ES',
    '0900',
    '45595009',
    'Laparoscopic cholecystectomy',
  ],
  ['Søndergård^Åse', '19671130', 'F', 'Bronchoskopie', 'ES', '0945', '10847001', 'Bronchoscopy'],
  ['Dvořák^Jiří', '19750118', 'M', 'Arthroskopie Knie links', 'ES', '1030', '13714004', 'Arthroscopy'],
  [
    'Lefèvre^François^^Prof.',
    '19590607',
    'M',
    'ERCP',
    'ES',
    '1130',
    '386718000',
    'Endoscopic retrograde cholangiopancreatography',
  ],
  ['Núñez^Begoña', '19920825', 'F', 'Diagnostische Laparoskopie', 'ES', '1300', '73632009', 'Laparoscopy'],
  ['Weiß^Zoë', '20110403', 'F', 'Tonsillektomie', 'XC', '1415', '173422009', 'Tonsillectomy'],
] as const;

/** Eight invented patients of one day (YYYYMMDD), spread over the rooms that are asked for. */
export function sampleWorklist(date: string, stationAes: readonly string[]): WorklistItem[] {
  return patients.map(
    ([patientName, patientBirthDate, patientSex, procedure, modality, time, value, meaning], index) => {
      const number = String(index + 1).padStart(3, '0');
      return {
        patientName,
        patientId: `SB-10${number}`,
        patientBirthDate,
        patientSex,
        accessionNumber: `A${date.slice(2)}${number}`,
        studyInstanceUid: deterministicUid('sample-worklist', date, number),
        requestedProcedureId: `RP${date.slice(2)}${number}`,
        requestedProcedureDescription: procedure,
        referringPhysicianName: 'Jäger^Ulrike^^Dr.',
        stepId: `S${date.slice(2)}${number}`,
        stepDescription: procedure,
        stationAe: stationAes[index % stationAes.length] ?? 'OR1',
        modality,
        date,
        time: `${time}00`,
        performingPhysicianName: 'Böhm^Søren^^Dr.',
        procedureCode: { value, scheme: 'SCT', meaning },
      };
    },
  );
}

/** Today's date in the machine's time zone, YYYYMMDD. */
export function today(now = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
}
