import {
  conformanceMatrix,
  deidentificationRules,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  iodModules,
  lookupKeyword,
  qidoComputed,
  qidoKeys,
  qidoResults,
  sopClasses,
  transferSyntaxes,
} from '@smartbox/dicom';
import { acceptedSopClasses, dimseServices, LISTENER_LIMITS } from '@smartbox/dimse';

type Row = readonly string[];

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `StudyDate (0008,0020)` */
function named(keyword: string): string {
  const tag = lookupKeyword(keyword)?.tag ?? '';
  return `${keyword} (${tag.slice(0, 4)},${tag.slice(4)})`;
}

const matching = {
  'uid-list': 'list of UIDs',
  wildcard: 'single value, wildcard',
  name: 'single value, wildcard, whatever the case',
  range: 'single day, range',
};

const list = (keywords: ReadonlySet<string>) => [...keywords].sort().join(', ');

/** The generated parts of docs/dicom-conformance.md, by the name of their markers. */
export function conformanceSections(): Record<string, string> {
  const matrix = conformanceMatrix();
  const classes = [...sopClasses.values()];
  const syntaxes = [...transferSyntaxes.values()];
  const mark = (sopClassUid: string, syntaxUid: string) =>
    matrix.find((each) => each.sopClassUid === sopClassUid && each.transferSyntaxUid === syntaxUid)?.allowed
      ? 'yes'
      : '-';
  const [first] = classes;
  const [still] = classes.filter(({ kind }) => kind === 'still');
  const rule = (uid: string) => {
    const of = (sop: string | undefined) =>
      matrix.find((each) => each.transferSyntaxUid === uid && each.sopClassUid === sop);
    const [video, picture] = [of(first?.uid), of(still?.uid)];
    return (video?.allowed ? video : picture?.allowed ? picture : video)?.rule ?? '';
  };
  const rules = [
    ...new Set(matrix.filter(({ allowed }) => !allowed).map(({ rule: text }) => text.split(':')[0] ?? '')),
  ];
  const example = (name: string) =>
    matrix.find(({ allowed, rule: text }) => !allowed && text.startsWith(`${name}:`))?.rule.slice(name.length + 2) ??
    '';
  return {
    identity: `Implementation Class UID \`${IMPLEMENTATION_CLASS_UID}\`, Implementation Version Name \`${IMPLEMENTATION_VERSION_NAME}\`, on the network and in files.`,
    services: table(
      ['Service', 'SOP class', 'User (SCU)', 'Provider (SCP)', 'Operations', 'Standard'],
      [
        ...dimseServices.map((each) => [
          each.name,
          each.sopClassUid,
          each.scu ? 'yes' : 'no',
          each.scp ? 'yes' : 'no',
          each.operations,
          each.citation,
        ]),
        ['Storage', 'those of section 3.1', 'yes', 'no', 'C-STORE', 'PS3.4 B'],
      ],
    ),
    listener: table(
      ['Listener', 'Value'],
      [
        ['SOP classes accepted', [...acceptedSopClasses].join(', ')],
        ['largest P-DATA-TF that is taken', `${LISTENER_LIMITS.maxPduBytes} bytes`],
        [
          'ARTIM: from the connection to the whole A-ASSOCIATE-RQ, and for a goodbye',
          `${LISTENER_LIMITS.artimMs / 1000} s`,
        ],
        ['from one whole message to the next, however many bytes trickle', `${LISTENER_LIMITS.idleMs / 1000} s`],
      ],
    ),
    'sop-classes': table(
      ['SOP class', 'UID', 'Modality', 'IOD'],
      classes.map((each) => [each.name, each.uid, each.modality, each.citation]),
    ),
    'transfer-syntaxes': table(
      ['Transfer syntax', 'UID', 'Photometric Interpretation', 'Lossy method', 'Rule'],
      syntaxes.map((each) => [
        each.name,
        each.uid,
        each.photometricInterpretation,
        each.lossyMethod ?? 'lossless',
        rule(each.uid),
      ]),
    ),
    matrix: [
      table(
        ['Transfer syntax', ...classes.map(({ name }) => name.replace(/ Image Storage$/, ''))],
        syntaxes.map((syntax) => [
          `${syntax.name} (${syntax.uid})`,
          ...classes.map((each) => mark(each.uid, syntax.uid)),
        ]),
      ),
      '',
      'What is not offered is refused by one of these rules (`smartbox dicom matrix` names it for each pair):',
      '',
      ...rules.map((name) => `- \`${name}\`, for example: ${example(name)}`),
    ].join('\n'),
    modules: table(
      ['Module', 'Section', 'In', 'Type 1', 'Type 2'],
      iodModules
        .filter((each) => each.rules.length > 0)
        .map(({ name, citation, kinds, rules: attributes }) => [
          name,
          citation,
          kinds.join(', '),
          attributes
            .filter(([, type]) => type === 1)
            .map(([keyword]) => keyword)
            .join(', '),
          attributes
            .filter(([, type]) => type === 2)
            .map(([keyword]) => keyword)
            .join(', '),
        ]),
    ),
    qido: [
      table(
        ['Matching key', 'Level', 'Matching'],
        Object.entries(qidoKeys).map(([keyword, [level, how]]) => [named(keyword), level, matching[how]]),
      ),
      '',
      table(
        ['Level', 'Out of the object', 'Counted or known'],
        (['study', 'series', 'instance'] as const).map((level) => [
          level,
          qidoResults[level].map(named).join(', '),
          qidoComputed[level].map(named).join(', '),
        ]),
      ),
    ].join('\n'),
    deidentification: [
      `- removed: ${list(deidentificationRules.remove)}; every private and unknown attribute; dates and times not named here`,
      `- emptied: ${list(deidentificationRules.empty)}, ${list(deidentificationRules.datesKeptEmpty)}; every other person name`,
      `- replaced: Patient's Name and ID, ${Object.keys(deidentificationRules.dummies).join(', ')}, every UID that is not one of the standard`,
      `- kept by Retain Device Identity: ${list(deidentificationRules.device)}`,
      `- kept by Retain Institution Identity: ${list(deidentificationRules.institution)}`,
      `- kept by Retain Patient Characteristics: ${list(deidentificationRules.patientCharacteristics)}`,
    ].join('\n'),
  };
}

/** The document with its generated parts made anew. @throws Error where a marker is missing. */
export function withConformanceSections(document: string): string {
  let out = document;
  for (const [name, content] of Object.entries(conformanceSections())) {
    const between = new RegExp(`(<!-- begin ${name} -->\\n)[\\s\\S]*?(<!-- end ${name} -->)`);
    if (!between.test(out)) throw new Error(`docs/dicom-conformance.md has no markers for ${name}`);
    const text = `<!-- prettier-ignore-start -->\n\n${content}\n\n<!-- prettier-ignore-end -->\n`;
    out = out.replace(between, (_all, begin: string, end: string) => `${begin}${text}${end}`);
  }
  return out;
}
