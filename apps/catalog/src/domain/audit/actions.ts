import type { AuditKind } from '@smartbox/contracts';

/** Codes of PS3.16, context groups 400 (event identifiers) and 401 (event types); PS3.15 A.5.3 says when which. */
const events = {
  applicationActivity: ['110100', 'Application Activity'],
  auditLogUsed: ['110101', 'Audit Log Used'],
  instancesAccessed: ['110103', 'DICOM Instances Accessed'],
  export: ['110106', 'Export'],
  patientRecord: ['110110', 'Patient Record'],
  procedureRecord: ['110111', 'Procedure Record'],
  query: ['110112', 'Query'],
  securityAlert: ['110113', 'Security Alert'],
  userAuthentication: ['110114', 'User Authentication'],
} as const;
export const types = {
  start: ['110120', 'Application Start'],
  stop: ['110121', 'Application Stop'],
  login: ['110122', 'Login'],
  logout: ['110123', 'Logout'],
  overrideStarted: ['110127', 'Emergency Override Started'],
  restricted: ['110132', 'Use of Restricted Function'],
  attributes: ['110137', 'User Security Attributes Changed'],
  roles: ['110136', 'Security Roles Changed'],
  overrideStopped: ['110138', 'Emergency Override Stopped'],
} as const;
export type Event = keyof typeof events;
export const eventCode = (event: Event): readonly [string, string] => events[event];

/** What an action means. */
export interface ActionMeaning {
  kind: AuditKind;
  event: Event;
  /** EventActionCode: create, read, update, delete, execute. */
  code: 'C' | 'R' | 'U' | 'D' | 'E';
  type?: keyof typeof types;
}

const meaning = (
  kind: AuditKind,
  event: Event,
  code: ActionMeaning['code'],
  type?: keyof typeof types,
): ActionMeaning => ({ kind, event, code, ...(type === undefined ? {} : { type }) });

const created = meaning('change', 'instancesAccessed', 'C');
const updated = meaning('change', 'instancesAccessed', 'U');
const read = meaning('access', 'instancesAccessed', 'R');
const exported = meaning('export', 'export', 'R');
const searched = meaning('query', 'query', 'E');
const signedOut = meaning('sign-in', 'userAuthentication', 'E', 'logout');
const administered = meaning('administration', 'securityAlert', 'E', 'attributes');
const ofProcedure = (code: 'C' | 'U') => meaning('change', 'procedureRecord', code);

/** Every action that is written, and what it is. */
const actions = {
  'session.sign-in': meaning('sign-in', 'userAuthentication', 'E', 'login'),
  'session.sign-out': signedOut,
  'session.end': signedOut,
  'session.end-all': signedOut,

  'clip.open': read,
  'clip.play': read,
  'clip.preview': read,
  'live.watch': read,
  'live.leave': read,
  'device.look': read,
  'procedure.open': meaning('access', 'procedureRecord', 'R'),

  'clip.search': searched,
  'worklist.query': searched,
  'delivery.list': searched,
  'dicomweb.search': searched,
  'dicomweb.metadata': read,
  'dicomweb.thumbnail': read,

  'clip.export': exported,
  'clip.export.cancel': exported,
  'clip.export.download': exported,
  'clip.export.play': read,
  'clip.export.archive': exported,
  'clip.export.copy': exported,
  'clip.export.copy.cancel': exported,
  'clip.frame.download': exported,
  'clip.download': exported,
  'clip.export-list': exported,
  'dicomweb.retrieve': exported,
  'dicomweb.frames': exported,
  'dicomweb.bulkData': exported,
  'dicomweb.rendered': exported,

  'clip.save': created,
  'clip.import': created,
  'clip.edit': created,
  'clip.edit.cancel': updated,
  'clip.annotate': updated,
  'clip.reassign': meaning('change', 'patientRecord', 'U'),
  'clip.retry': updated,
  'hold.set': updated,
  'hold.release': updated,
  'recording.start': created,
  'recording.stop': updated,
  'still.capture': created,
  'still.of-film': created,
  'marker.set': updated,
  'procedure.start': ofProcedure('C'),
  'procedure.end': ofProcedure('U'),
  'procedure.consent': ofProcedure('U'),
  'conversation.open': ofProcedure('U'),
  'conversation.close': ofProcedure('U'),
  'conversation.join': ofProcedure('U'),
  'conversation.leave': ofProcedure('U'),
  'conversation.speak': ofProcedure('U'),
  'conversation.speak.end': ofProcedure('U'),
  'conversation.draw': ofProcedure('U'),
  'conversation.draw.end': ofProcedure('U'),
  'procedure.correct': meaning('change', 'patientRecord', 'U'),
  'alarm.acknowledge': ofProcedure('U'),

  'clip.undo': meaning('removal', 'instancesAccessed', 'D'),
  'clip.remove': meaning('removal', 'instancesAccessed', 'D'),

  'access.break-glass': meaning('emergency', 'securityAlert', 'E', 'overrideStarted'),
  'access.break-glass-end': meaning('emergency', 'securityAlert', 'E', 'overrideStopped'),
  'access.refused': meaning('refusal', 'securityAlert', 'E', 'restricted'),

  'account.create': administered,
  'account.change': meaning('administration', 'securityAlert', 'E', 'roles'),
  'account.reset-password': administered,
  'account.change-password': administered,
  'token.create': administered,
  'token.revoke': administered,
  'panel.pair': administered,
  'panel.revoke': administered,

  'webhook.resend': meaning('change', 'export', 'R'),
  'dead-letter.deliver': meaning('administration', 'applicationActivity', 'E'),
  'dead-letter.discard': meaning('administration', 'applicationActivity', 'E'),
  'webhook.test': meaning('administration', 'applicationActivity', 'E'),

  'audit.read': meaning('administration', 'auditLogUsed', 'R'),
  'audit.export': meaning('administration', 'auditLogUsed', 'R'),
  'audit.verify': meaning('administration', 'auditLogUsed', 'R'),
  'audit.broken': meaning('system', 'securityAlert', 'E'),
  'audit.prune': meaning('system', 'auditLogUsed', 'R'),

  'system.start': meaning('system', 'applicationActivity', 'E', 'start'),
  'system.stop': meaning('system', 'applicationActivity', 'E', 'stop'),
} as const satisfies Record<string, ActionMeaning>;
export type AuditAction = keyof typeof actions;

/** An action that another build wrote is a change of what it is about. */
export const meaningOf = (action: string): ActionMeaning =>
  (actions as Readonly<Record<string, ActionMeaning>>)[action] ?? updated;

export const knownActions: readonly string[] = Object.keys(actions);

export const actionsOf = (kind: AuditKind): string[] =>
  Object.entries<ActionMeaning>(actions).flatMap(([action, { kind: of }]) => (of === kind ? [action] : []));

/** Reading alone: written by the door, at most once in some minutes for the same person and thing. */
export const isRead = (action: string): boolean => ['access', 'query'].includes(meaningOf(action).kind);
