import { isIP } from 'node:net';
import { eventCode, meaningOf, types } from './actions.ts';
import type { AuditContent } from './chain.ts';

/** Who writes the messages: PS3.15 table A.5.2-1, AuditSourceIdentification. */
export interface AuditSource {
  /** Host or site that runs this catalog. */
  id: string;
  enterprise: string | undefined;
}

type Attributes = Readonly<Record<string, string | undefined>>;

/** Code points that XML 1.0 (section 2.2) has no way to write. */
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string =>
  text
    .replace(unwritable, '\u{FFFD}')
    .replace(/[&<>"]/g, (character) => entities[character] ?? character)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

function element(name: string, attributes: Attributes, ...inner: string[]): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escape(value)}"`]))
    .join('');
  return inner.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${inner.join('')}</${name}>`;
}

const coded = (name: string, [code, meaning]: readonly [string, string], system = 'DCM'): string =>
  element(name, { 'csd-code': code, codeSystemName: system, originalText: meaning });

const roles = {
  application: ['110150', 'Application'],
  source: ['110153', 'Source Role ID'],
  destination: ['110152', 'Destination Role ID'],
} as const;
/** PS3.15 section A.5.1.2: what the id of a participating object is. */
const idTypes = {
  study: ['110180', 'Study Instance UID'],
  patient: ['2', 'Patient Number'],
  uri: ['12', 'URI'],
  node: ['110182', 'Node ID'],
  sopClass: ['110181', 'SOP Class UID'],
  user: ['11', 'User Identifier'],
} as const;
/** The numbers without a place in DCM come from RFC 3881. */
const systemOf = (code: string) => (code.length < 3 ? 'RFC-3881' : 'DCM');

interface ParticipatingObject {
  id: string;
  idType: keyof typeof idTypes;
  /** 1 person, 2 system object. */
  type: '1' | '2';
  /** 1 patient, 3 report (a study), 6 user, 13 security resource, 24 query. */
  role: '1' | '3' | '6' | '13' | '24';
  lifeCycle?: string;
  name?: string;
  /** Base64 in the message. */
  query?: string;
  details: readonly (readonly [string, string])[];
}

function objectElement(object: ParticipatingObject): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const idType = idTypes[object.idType];
  return element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: object.id,
      ParticipantObjectTypeCode: object.type,
      ParticipantObjectTypeCodeRole: object.role,
      ParticipantObjectDataLifeCycle: object.lifeCycle,
    },
    coded('ParticipantObjectIDTypeCode', idType, systemOf(idType[0])),
    object.query === undefined
      ? `<ParticipantObjectName>${escape(object.name ?? object.id)}</ParticipantObjectName>`
      : `<ParticipantObjectQuery>${base64(object.query)}</ParticipantObjectQuery>`,
    ...object.details.map(([type, value]) => element('ParticipantObjectDetail', { type, value: base64(value) })),
  );
}

/** PS3.15 section A.5.1.2.3. */
const lifeCycles = { C: '1', R: '6', U: '3', D: '14', E: undefined } as const;

function objectsOf(entry: AuditContent): ParticipatingObject[] {
  const { kind, event, code } = meaningOf(entry.action);
  const own = [
    ['subject', entry.subject],
    ['action', entry.action],
    ...(entry.stationId === null ? [] : [['station', entry.stationId]]),
    ['detail', entry.detail],
  ] as [string, string][];
  const lifeCycle = kind === 'export' ? '10' : lifeCycles[code];
  const cycle = lifeCycle === undefined ? {} : { lifeCycle };
  const objects: ParticipatingObject[] = [];
  if (event === 'auditLogUsed') {
    const log = { id: 'smartbox:audit', idType: 'uri', type: '2', role: '13', name: 'Security Audit Log' } as const;
    return [{ ...log, details: own }];
  }
  if (event === 'query') {
    const sought = { id: entry.subject, idType: 'sopClass', type: '2', role: '24', query: entry.detail } as const;
    return [{ ...sought, details: own }];
  }
  if (event === 'securityAlert') {
    const isUser = entry.subject.startsWith('account/');
    const resource = isUser
      ? ({ idType: 'user', type: '1', role: '6' } as const)
      : ({ idType: 'uri', type: '2', role: '13' } as const);
    objects.push({ id: entry.subject, ...resource, details: own });
  } else if (entry.studyUid !== null) {
    objects.push({ id: entry.studyUid, idType: 'study', type: '2', role: '3', ...cycle, details: own });
  } else if (!['userAuthentication', 'applicationActivity'].includes(event)) {
    objects.push({ id: entry.subject, idType: 'uri', type: '2', role: '3', ...cycle, details: own });
  }
  if (entry.patientId !== null) {
    objects.push({ id: entry.patientId, idType: 'patient', type: '1', role: '1', details: [] });
  }
  return objects;
}

/** Who took part: the one who asked, and this system. */
function participantsOf(entry: AuditContent, source: AuditSource): string[] {
  const { event, kind } = meaningOf(entry.action);
  const network =
    entry.address === null
      ? {}
      : { NetworkAccessPointID: entry.address, NetworkAccessPointTypeCode: isIP(entry.address) === 0 ? '1' : '2' };
  const person = { UserID: entry.actor, UserIsRequestor: 'true', ...network };
  const self = { UserID: source.id, UserIsRequestor: 'false' };
  if (event === 'applicationActivity')
    return [element('ActiveParticipant', self, coded('RoleIDCode', roles.application))];
  if (event === 'query' || kind === 'export') {
    return [
      element('ActiveParticipant', person, coded('RoleIDCode', roles.destination)),
      element('ActiveParticipant', self, coded('RoleIDCode', roles.source)),
    ];
  }
  return [
    element('ActiveParticipant', person),
    element('ActiveParticipant', self, coded('RoleIDCode', roles.application)),
  ];
}

/**
 * An entry as a DICOM audit message: schema of PS3.15 section A.5.1, contents of section A.5.3. One line, without an
 * XML declaration.
 */
export function atnaMessage(entry: AuditContent, source: AuditSource): string {
  const { event, code, type } = meaningOf(entry.action);
  const own = [entry.action, entry.action] as const;
  return element(
    'AuditMessage',
    {},
    element(
      'EventIdentification',
      {
        EventActionCode: code,
        EventDateTime: entry.at.toISOString(),
        EventOutcomeIndicator: entry.outcome === 'success' ? '0' : '4',
      },
      coded('EventID', eventCode(event)),
      ...(type === undefined ? [] : [coded('EventTypeCode', types[type])]),
      coded('EventTypeCode', own, '99SMARTBOX'),
    ),
    ...participantsOf(entry, source),
    element(
      'AuditSourceIdentification',
      { AuditEnterpriseSiteID: source.enterprise, AuditSourceID: source.id },
      element('AuditSourceTypeCode', { 'csd-code': '4' }),
    ),
    ...objectsOf(entry).map(objectElement),
  );
}

/** A file of messages: each child of the root is one of the standard's. */
export async function* atnaFile(entries: AsyncIterable<AuditContent>, source: AuditSource): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<AuditMessages>\n';
  for await (const entry of entries) yield `${atnaMessage(entry, source)}\n`;
  yield '</AuditMessages>\n';
}
