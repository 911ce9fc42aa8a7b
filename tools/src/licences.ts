/** The part of a CycloneDX document (1.5, `components`) that licences are read from. */
export interface Component {
  name: string;
  version: string;
  /** Package URL. */
  purl: string;
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[];
  properties?: { name: string; value: string }[];
}
export interface Bom {
  components: Component[];
}

/** What may be handed on beside Apache-2.0: permissive, or bound to its own files. */
const allowed = new Set([
  ...[
    'MIT',
    'ISC',
    '0BSD',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'Zlib',
    'CC0-1.0',
    'Unlicense',
  ],
  ...['MPL-2.0', 'EPL-2.0', 'OFL-1.1'],
]);
/** Packages that do not name their licence; what stands in their LICENSE file, as it was read. */
const read: Readonly<Record<string, string>> = {
  'node-datachannel': 'MPL-2.0',
  '@node-datachannel/linux-x64-gnu': 'MPL-2.0',
  '@shinyoshiaki/jspack': 'BSD-3-Clause',
  'seq-queue': 'MIT',
};

const isOurs = ({ purl }: Component) => purl.startsWith('pkg:npm/%40smartbox/');
const licenceOf = ({ name, licenses = [] }: Component): string | undefined =>
  licenses.length > 0
    ? licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'unnamed').join(' AND ')
    : read[name];
/** An SPDX expression of AND and OR. */
const isAllowed = (expression: string): boolean =>
  expression
    .replace(/[()]/g, '')
    .split(/\s+AND\s+/i)
    .every((part) => part.split(/\s+OR\s+/i).some((id) => allowed.has(id)));

/** A line for each package whose licence is not allowed, or is not known. */
export function refusedLicences(components: readonly Component[]): string[] {
  return components
    .filter((component) => !isOurs(component))
    .flatMap((component) => {
      const licence = licenceOf(component);
      if (licence !== undefined && isAllowed(licence)) return [];
      const is = licence === undefined ? 'names no licence' : `is under ${JSON.stringify(licence)}`;
      return [`${component.name} ${component.version} ${is}: allow it in tools/src/licences.ts, or do without it`];
    });
}
