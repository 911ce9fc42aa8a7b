/** Parts of a DICOM person name, PS3.5 section 6.2 (VR PN): `Family^Given^Middle^Prefix^Suffix`. */
export interface PersonName {
  family: string;
  given: string;
  middle: string;
  prefix: string;
  suffix: string;
}

/**
 * Reads the alphabetic group of a PN; a name without it (only ideographic or phonetic) is read from the first
 * group that holds anything (PS3.5 section 6.2.1).
 */
export function parsePersonName(pn: string): PersonName {
  const group = pn.split('=').find((part) => part.replaceAll('^', '').trim() !== '') ?? '';
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group
    .split('^')
    .map((part) => part.trim().replace(/\s+/g, ' '));
  return { family, given, middle, prefix, suffix };
}

const join = (...parts: string[]): string => parts.filter((part) => part !== '').join(' ');

/** As a ward list writes it: "Müller, Dr. Anna Maria". Never shows a caret; empty for an empty name. */
export function listName(pn: string): string {
  const { family, given, middle, prefix, suffix } = parsePersonName(pn);
  const rest = join(prefix, given, middle, suffix);
  return family === '' ? rest : rest === '' ? family : `${family}, ${rest}`;
}

/** As people write it: "Dr. Anna Maria Müller". */
export function fullName(pn: string): string {
  const { family, given, middle, prefix, suffix } = parsePersonName(pn);
  return join(prefix, given, middle, family, suffix);
}

/** "M. A." for a screen that everybody passes. */
export function initials(pn: string): string {
  const { family, given } = parsePersonName(pn);
  return join(...[family, given].flatMap((part) => (part === '' ? [] : [`${[...part][0]}.`])));
}
