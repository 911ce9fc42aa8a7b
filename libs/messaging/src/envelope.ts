import {
  cloudEvent,
  commandMap,
  commandSubject,
  events,
  eventSubject,
  eventType,
  type CloudEvent,
  type CommandName,
  type EventName,
} from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { z } from 'zod';

type EventSchema = z.ZodType<CloudEvent>;
const schemas = new Map<string, EventSchema>();
const commandType = (name: CommandName) => `smartbox.cmd.${name}.v1`;

function schemaOf(subject: string): EventSchema | undefined {
  const known = schemas.get(subject);
  if (known) return known;
  const name = subject.slice(4);
  let schema: EventSchema | undefined;
  if (subject.startsWith('evt.') && Object.hasOwn(events, name)) {
    schema = cloudEvent(eventType(name as EventName), events[name as EventName]);
  } else if (subject.startsWith('cmd.') && Object.hasOwn(commandMap, name)) {
    schema = cloudEvent(commandType(name as CommandName), commandMap[name as CommandName]);
  }
  if (schema) schemas.set(subject, schema);
  return schema;
}

export interface EnvelopeOptions {
  service: string;
  id: string;
  subject?: string | undefined;
  traceparent?: string | undefined;
}

/** A checked CloudEvent for an event or command. @throws SmartBoxError `invalid-message` naming the field. */
export function buildEnvelope(
  kind: 'evt' | 'cmd',
  name: string,
  data: unknown,
  options: EnvelopeOptions,
): { subject: string; event: CloudEvent } {
  const subject = kind === 'evt' ? eventSubject(name as EventName) : commandSubject(name as CommandName);
  const schema = schemaOf(subject);
  if (!schema) throw inputError('unknown-message', `${subject} is in no map of libs/contracts`);
  const parsed = schema.safeParse({
    specversion: '1.0',
    id: options.id,
    source: `smartbox/${options.service}`,
    type: kind === 'evt' ? eventType(name as EventName) : commandType(name as CommandName),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
    data,
  });
  if (!parsed.success) throw inputError('invalid-message', `${subject}: ${issues(parsed.error)}`);
  return { subject, event: parsed.data };
}

export type ParsedEnvelope = { ok: true; name: string; event: CloudEvent } | { ok: false; reason: string };

/** Reads a stored event or command; the reason says what is wrong, without quoting the data. */
export function parseEnvelope(subject: string, payload: Uint8Array): ParsedEnvelope {
  const schema = schemaOf(subject);
  if (!schema) return { ok: false, reason: `${subject} is in no map of libs/contracts of this build` };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return { ok: false, reason: `${subject}: ${payload.byteLength} bytes that are no JSON` };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: `${subject}: ${issues(parsed.error)}` };
  return { ok: true, name: subject.slice(4), event: parsed.data };
}

/** Path and rule only: a message never quotes values, they could be patient data. */
export function issues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`)
    .join('; ');
}
