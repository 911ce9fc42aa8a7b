import { createHmac, randomBytes } from 'node:crypto';
import { deterministicUid, inputError } from '@smartbox/kernel';
import type { Dataset, DatasetValue } from './dataset.ts';
import * as rules from './deidentification-rules.ts';
import { lookupKeyword } from './part10-header.ts';
import { text } from './part10-reader.ts';
import { sopClasses } from './sop-classes.ts';
import { transferSyntaxes } from './transfer-syntaxes.ts';

/** The options of PS3.15 E.3 a user may pick on top of the basic profile. */
export interface DeidentifyOptions {
  /**
   * Same key, same replacements: objects of one study stay together. Keep it secret: who has it and the original finds
   * the copy. Without one every call has a random one, which nobody keeps.
   */
  key?: string | undefined;
  retainUids?: boolean | undefined;
  retainDevice?: boolean | undefined;
  retainInstitution?: boolean | undefined;
  retainPatientCharacteristics?: boolean | undefined;
  /** `full` keeps dates and times as they are; `shifted` moves the dates of a patient by the same number of days. */
  retainDates?: 'full' | 'shifted' | undefined;
  /** The person has looked: no text in the pictures identifies anybody. */
  confirmBurnedIn?: boolean | undefined;
  /** The person has listened: no voice in the sound names anybody. */
  confirmAudio?: boolean | undefined;
}

export interface Deidentified {
  dataset: Dataset;
  /** Keywords (or tags) of what was removed, emptied and replaced: never values. */
  removed: string[];
  emptied: string[];
  replaced: string[];
  warnings: string[];
}

/**
 * Basic Application Level Confidentiality Profile with options, PS3.15 annex E. Private attributes go. UIDs that name
 * this study, its series and instances are replaced consistently; those of SOP classes and the like stay.
 * The pixels are not looked at.
 * @throws SmartBoxError `burned-in-annotation` or `audio-present` until confirmed
 */
export function deidentify(dataset: Dataset, options: DeidentifyOptions = {}): Deidentified {
  if (text(dataset, 'BurnedInAnnotation') === 'YES' && options.confirmBurnedIn !== true) {
    throw inputError(
      'burned-in-annotation',
      'Burned In Annotation (0028,0301) is YES: text in the pictures may identify the patient. Look at it, and confirm (PS3.15 E.3.1)',
    );
  }
  if (dataset['MultiplexedAudioChannelsDescriptionCodeSequence'] !== undefined && options.confirmAudio !== true) {
    throw inputError('audio-present', 'The video has sound, voices may identify persons. Listen to it, and confirm');
  }
  const work = new Work(options, text(dataset, 'PatientID'));
  const result = work.items(dataset);
  const patient = work.pseudonym(text(dataset, 'PatientID') || text(dataset, 'PatientName') || 'anonymous');
  const warnings: string[] = [];
  if (options.key === undefined) {
    warnings.push(
      'no key was given: a random one was used for this object alone, other copies of its study will not belong to it',
    );
  }
  if (text(dataset, 'BurnedInAnnotation') === '') {
    warnings.push('Burned In Annotation is absent: nobody said whether there is text in the pictures');
  }
  return {
    dataset: {
      ...result,
      PatientName: `ANON^${patient}`,
      PatientID: `ANON-${patient}`,
      PatientIdentityRemoved: 'YES',
      DeidentificationMethod: 'SmartBox: PS3.15 E basic profile',
      DeidentificationMethodCodeSequence: methods(options),
      LongitudinalTemporalInformationModified:
        options.retainDates === 'full' ? 'UNMODIFIED' : options.retainDates === 'shifted' ? 'MODIFIED' : 'REMOVED',
    },
    removed: [...work.removed].sort(),
    emptied: [...work.emptied].sort(),
    replaced: [...work.replaced].sort(),
    warnings,
  };
}

const digestOf = (key: string | Buffer, of: string) => createHmac('sha256', key).update(of).digest('hex');

/** The UID that stands for this one in every copy that is made with this key. */
export const replacementUid = (uid: string, key: string | Buffer): string =>
  deterministicUid('deidentified', digestOf(key, `uid ${uid}`));

/** PS3.16 CID 7050. */
function methods(options: DeidentifyOptions): Dataset[] {
  const codes: [boolean, string, string][] = [
    [true, '113100', 'Basic Application Confidentiality Profile'],
    [options.retainDates === 'full', '113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
    [options.retainDates === 'shifted', '113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
    [options.retainPatientCharacteristics === true, '113108', 'Retain Patient Characteristics Option'],
    [options.retainDevice === true, '113109', 'Retain Device Identity Option'],
    [options.retainUids === true, '113110', 'Retain UIDs Option'],
    [options.retainInstitution === true, '113112', 'Retain Institution Identity Option'],
  ];
  return codes
    .filter(([picked]) => picked)
    .map(([, CodeValue, CodeMeaning]) => ({ CodeValue, CodingSchemeDesignator: 'DCM', CodeMeaning }));
}

class Work {
  readonly removed = new Set<string>();
  readonly emptied = new Set<string>();
  readonly replaced = new Set<string>();
  private readonly options: DeidentifyOptions;
  private readonly key: string | Buffer;
  private readonly shiftDays: number;

  constructor(options: DeidentifyOptions, patientId: string) {
    this.options = options;
    this.key = options.key ?? randomBytes(32);
    // one to 3650 days back, the same for every object of a patient
    this.shiftDays = 1 + (parseInt(this.digest(`shift ${patientId}`).slice(0, 8), 16) % 3650);
  }

  pseudonym(of: string): string {
    return this.digest(`patient ${of}`).slice(0, 12).toUpperCase();
  }

  private digest(of: string): string {
    return digestOf(this.key, of);
  }

  items(dataset: Dataset): Dataset {
    const out: Dataset = {};
    for (const [keyword, value] of Object.entries(dataset)) {
      if (value === undefined) continue;
      const kept = this.attribute(keyword, value);
      if (kept !== undefined) out[keyword] = kept;
    }
    return out;
  }

  private attribute(keyword: string, value: NonNullable<Dataset[string]>): Dataset[string] {
    const entry = lookupKeyword(keyword);
    if (!entry) return this.remove(keyword); // private, or unknown: nobody can say what it holds
    const { options } = this;
    const kept =
      (options.retainDevice === true && rules.device.has(keyword)) ||
      (options.retainInstitution === true && rules.institution.has(keyword)) ||
      (options.retainPatientCharacteristics === true && rules.patientCharacteristics.has(keyword));
    if (!kept) {
      if (rules.remove.has(keyword)) return this.remove(keyword);
      if (rules.empty.has(keyword)) return this.empty(keyword);
    }
    if (entry.vr === 'UI') return this.uids(keyword, value as readonly DatasetValue[] | DatasetValue);
    if (entry.vr === 'DA' || entry.vr === 'TM' || entry.vr === 'DT') return this.time(keyword, entry.vr, value);
    if (entry.vr === 'PN') return this.empty(keyword);
    if (entry.vr === 'SQ') return (value as readonly Dataset[]).map((each) => this.items(each));
    return value;
  }

  private remove(keyword: string): undefined {
    this.removed.add(keyword);
    return undefined;
  }

  private empty(keyword: string): [] {
    this.emptied.add(keyword);
    return [];
  }

  private uids(keyword: string, value: readonly DatasetValue[] | DatasetValue): DatasetValue[] {
    return (typeof value === 'object' ? value : [value]).map((each) => {
      const uid = String(each);
      // UIDs of the standard say what a thing is, not which one
      if (
        this.options.retainUids === true ||
        uid.startsWith('1.2.840.10008.') ||
        sopClasses.has(uid) ||
        transferSyntaxes.has(uid) ||
        uid === ''
      )
        return uid;
      this.replaced.add(keyword);
      return replacementUid(uid, this.key);
    });
  }

  private time(keyword: string, vr: string, value: NonNullable<Dataset[string]>): Dataset[string] {
    const { retainDates } = this.options;
    if (retainDates === 'full' || (retainDates === 'shifted' && vr === 'TM')) return value;
    if (retainDates === 'shifted') {
      this.replaced.add(keyword);
      const all = (typeof value === 'object' ? value : [value]) as readonly DatasetValue[];
      return all.map((each) => this.shifted(String(each)));
    }
    // type 2 in our modules: empty; type 1C: a dummy; elsewhere type 3: removed
    const dummy = rules.dummies[keyword];
    if (dummy === undefined) return rules.datesKeptEmpty.has(keyword) ? this.empty(keyword) : this.remove(keyword);
    this.replaced.add(keyword);
    return dummy;
  }

  /** A date, or the date part of a date-time, so many days earlier. */
  private shifted(value: string): string {
    const match = /^(\d{4})(\d{2})(\d{2})(.*)$/.exec(value);
    if (!match) return '';
    const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]) - this.shiftDays));
    return day.toISOString().slice(0, 10).replaceAll('-', '') + (match[4] ?? '');
  }
}
