import { describe, expect, it } from 'vitest';
import { localDay } from './local-day.ts';
import { correctPatient, emergencyPatient, fromWorklist, localTime } from './patient.ts';

const local = localTime(new Date('2026-11-23T13:05:09.500Z'), 'Europe/Berlin');

describe('the clock on the wall', () => {
  it('knows date, time and offset of the site', () => {
    expect(local).toEqual({ date: '20261123', time: '1405', utcOffsetMinutes: 60 });
    expect(localTime(new Date('2026-07-01T23:30:00Z'), 'Europe/Berlin')).toMatchObject({
      date: '20260702',
      time: '0130',
    });
    expect(localTime(new Date('2026-07-01T12:00:00Z'), 'Asia/Kolkata').utcOffsetMinutes).toBe(330);
    expect(localTime(new Date('2026-07-01T12:00:00Z'), 'America/St_Johns').utcOffsetMinutes).toBe(-150);
  });

  it('has days of 23 and 25 hours', () => {
    const hours = (day: string) => {
      const { from, to } = localDay(day, 'Europe/Berlin');
      return (to.getTime() - from.getTime()) / 3_600_000;
    };
    expect([hours('2026-03-28'), hours('2026-03-29'), hours('2026-10-25')]).toEqual([24, 23, 25]);
    expect(localDay('2026-11-23', 'Europe/Berlin').from.toISOString()).toBe('2026-11-22T23:00:00.000Z');
  });
});

describe('a worklist item', () => {
  const order = {
    accessionNumber: 'A-1',
    requestedProcedureId: 'R-1',
    scheduledProcedureStepId: 'S-1',
    requestedProcedureCodes: [{ code: '73761001', scheme: 'SCT', meaning: 'Koloskopie' }],
    scheduledProtocolCodes: [{ code: 'K-2', scheme: '99KLINIK', version: '2026', meaning: 'Koloskopie mit Prüfung' }],
    referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.7' }],
    performingPhysician: 'Weiß^Jörg',
  };
  const item = { itemId: '01KAQ0000000000000000000A1', patient: { name: 'Müller^Anne', id: 'P-1' }, ...order };

  it('says what was ordered and planned; the study is ours where it names none', () => {
    const { study, request } = fromWorklist(item, 'p');
    expect(request).toEqual(order);
    expect(study.studyInstanceUid).toMatch(/^2\.25\./);
    expect(fromWorklist({ ...item, studyInstanceUid: '2.25.9' }, 'p').request).toEqual({
      ...order,
      studyInstanceUid: '2.25.9',
    });
  });

  it('of another patient takes all of it with it', () => {
    const after = correctPatient(fromWorklist(item, 'p'), { name: 'Meier^Max', id: 'P-2' }, 'p', 2);
    expect(after).not.toHaveProperty('request');
  });
});

describe('an emergency patient', () => {
  it('has a name and an id of its own', () => {
    expect(emergencyPatient({}, { name: 'OR 1' }, local, 3)).toEqual({
      name: 'Notfall^OR 1^1405',
      id: 'NOTFALL-20261123-3',
    });
  });

  it('keeps a typed name within DICOM (PS3.5 section 6.2)', () => {
    const typed = emergencyPatient({ name: 'Mü\\ller=x^An\u0000ne', sex: 'F' }, { name: 'OR=1^\\' }, local, 1);
    expect(typed).toMatchObject({ name: 'Mü ller x^An ne', sex: 'F' });
    expect(emergencyPatient({}, { name: 'OR=1^\\' }, local, 1).name).toBe('Notfall^OR 1^1405');
    expect(emergencyPatient({ name: 'x'.repeat(200) }, { name: 'OR' }, local, 1).name).toHaveLength(64);
  });
});

describe('a correction', () => {
  const before = {
    patient: { name: 'Muller^Anne', id: 'P-1' },
    study: { studyInstanceUid: '1.2.3', accessionNumber: 'A-1', description: 'Koloskopie' },
  };

  it('of the spelling stays in the study', () => {
    const after = correctPatient(before, { name: 'Müller^Änne', id: 'P-1' }, 'p', 2);
    expect(after.study).toEqual(before.study);
    expect(after.patient.name).toBe('Müller^Änne');
  });

  it('to another patient makes another study, without the accession number of the first', () => {
    const after = correctPatient(before, { name: 'Meier^Max', id: 'P-2' }, 'p', 2);
    expect(after.study.studyInstanceUid).not.toBe('1.2.3');
    expect(after.study).not.toHaveProperty('accessionNumber');
  });
});
