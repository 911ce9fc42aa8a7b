import { inputError, type SmartBoxError } from '@smartbox/kernel';
import { isUri } from './codes.ts';

/**
 * Text rules of PS3.5 section 6.2. A value that breaks one is refused with the attribute's name and the rule, never
 * with the value itself: it may be patient data. Nothing is cut off silently where it identifies a person.
 */
function refuse(attribute: string, rule: string): SmartBoxError {
  return inputError('invalid-dicom-value', `${attribute} ${rule}`, { attribute });
}

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Normalises to NFC, trims padding, and refuses what no text attribute of ours may hold. */
function clean(attribute: string, value: string): string {
  if (!value.isWellFormed()) throw refuse(attribute, 'is not well-formed Unicode');
  const text = value.normalize('NFC').replace(/^ +| +$/g, '');
  if (control.test(text)) throw refuse(attribute, 'has a control character (PS3.5 6.1.3)');
  if (text.includes('\\')) throw refuse(attribute, 'has a backslash, which separates values (PS3.5 6.4)');
  return text;
}

function bounded(attribute: string, value: string, max: number): string {
  const text = clean(attribute, value);
  const length = [...text].length;
  if (length > max) throw refuse(attribute, `has ${length} characters, at most ${max} are allowed (PS3.5 6.2)`);
  return text;
}

/**
 * Person Name: up to three component groups (`=`), each up to five components (`^`) and 64 characters.
 * PS3.5 6.2, 6.2.1.
 */
export function personName(attribute: string, value: string): string {
  const text = clean(attribute, value);
  const groups = text.split('=');
  if (groups.length > 3)
    throw refuse(attribute, `has ${groups.length} component groups, at most 3 are allowed (PS3.5 6.2.1)`);
  const kept = groups.map((group) => {
    const length = [...group].length;
    if (length > 64)
      throw refuse(attribute, `has a component group of ${length} characters, at most 64 are allowed (PS3.5 6.2)`);
    const components = group.split('^');
    if (components.length > 5) {
      throw refuse(attribute, `has ${components.length} components, at most 5 are allowed (PS3.5 6.2.1)`);
    }
    return group.replace(/[\^ ]+$/, '');
  });
  return kept.join('=').replace(/=+$/, '');
}

/** Long String, 64 characters (PS3.5 6.2). */
export function longString(attribute: string, value: string): string {
  return bounded(attribute, value, 64);
}

/** Short String, 16 characters (PS3.5 6.2). */
export function shortString(attribute: string, value: string): string {
  return bounded(attribute, value, 16);
}

/** Unlimited Characters, bounded all the same (PS3.5 6.2). */
export function unlimited(attribute: string, value: string, max: number): string {
  return bounded(attribute, value, max);
}

/** Universal Resource Identifier or Locator: characters of RFC 3986 (PS3.5 6.2). */
export function resource(attribute: string, value: string, max: number): string {
  const text = bounded(attribute, value, max);
  if (!isUri(text)) throw refuse(attribute, 'is no URI of RFC 3986 (PS3.5 6.2)');
  return text;
}

/** Short Text, 1024 characters (PS3.5 6.2). */
export function shortText(attribute: string, value: string): string {
  return bounded(attribute, value, 1024);
}

/**
 * A description, not an identifier: hostile characters become spaces and what is too long is cut.
 * Losing the tail of a description is better than losing the video.
 */
export function description(value: string, max = 64): string {
  const text = value
    .toWellFormed()
    .normalize('NFC')
    .replace(new RegExp(control, 'g'), ' ')
    .replaceAll('\\', '/')
    .trim();
  return [...text].slice(0, max).join('').trimEnd();
}

/** Code String: upper-case letters, digits, space, underscore; 16 characters (PS3.5 6.2). */
export function codeString(attribute: string, value: string): string {
  if (!/^[A-Z0-9 _]{1,16}$/.test(value)) throw refuse(attribute, 'is not a code string (PS3.5 6.2)');
  return value;
}

/** UID: components of digits without leading zeros, 64 characters (PS3.5 9.1). */
export function uid(attribute: string, value: string): string {
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(value) || value.length > 64) {
    throw refuse(attribute, 'is not a DICOM UID (PS3.5 9.1)');
  }
  return value;
}

/** DA, `YYYYMMDD`, an existing day (PS3.5 6.2). */
export function date(attribute: string, value: string): string {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(value);
  const [year, month, day] = (match?.slice(1) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined)
    throw refuse(attribute, 'is not a date YYYYMMDD (PS3.5 6.2)');
  const there = new Date(Date.UTC(2000, month - 1, day));
  there.setUTCFullYear(year, month - 1, day);
  const exists = there.getUTCMonth() === month - 1 && there.getUTCDate() === day;
  if (!exists) throw refuse(attribute, 'is not a day of the calendar (PS3.5 6.2)');
  return value;
}

/** DS of at most 16 characters (PS3.5 6.2): as many digits as fit, never in exponent form. */
export function decimalString(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e14) throw refuse('a decimal', `cannot hold ${value} (PS3.5 6.2)`);
  const short = String(value);
  if (short.length <= 16 && !short.includes('e')) return short;
  const whole = Math.trunc(Math.abs(value)).toString().length + (value < 0 ? 1 : 0);
  return value.toFixed(Math.max(0, 15 - whole)).replace(/\.?0+$/, '');
}

/** Local calendar parts of an instant: DA, TM with microseconds, DT, and Timezone Offset From UTC (PS3.5 6.2, PS3.3 C.12.1.1.8). */
export interface LocalTime {
  date: string;
  time: string;
  dateTime: string;
  /** `+0200`; never `-0000`. */
  offset: string;
}

/** `offsetMinutes` is east of UTC, from -720 to +840. */
export function localTime(instant: Date, offsetMinutes: number): LocalTime {
  if (Number.isNaN(instant.getTime())) throw refuse('a capture time', 'is not an instant');
  if (!Number.isInteger(offsetMinutes) || offsetMinutes < -720 || offsetMinutes > 840) {
    throw refuse('TimezoneOffsetFromUTC', `cannot hold ${offsetMinutes} minutes (PS3.5 6.2: -1200 to +1400)`);
  }
  const local = new Date(instant.getTime() + offsetMinutes * 60_000).toISOString();
  const day = local.slice(0, 10).replaceAll('-', '');
  const time = `${local.slice(11, 19).replaceAll(':', '')}.${local.slice(20, 23)}000`;
  const minutes = Math.abs(offsetMinutes);
  const hhmm = `${Math.trunc(minutes / 60)}`.padStart(2, '0') + `${minutes % 60}`.padStart(2, '0');
  return { date: day, time, dateTime: day + time, offset: `${offsetMinutes < 0 ? '-' : '+'}${hhmm}` };
}
