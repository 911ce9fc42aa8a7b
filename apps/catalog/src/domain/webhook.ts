import { createHmac } from 'node:crypto';
import type { EventData, EventName, WebhookType } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';

type Identifiers = Record<string, string>;
type Tell<N extends EventName> = readonly [type: WebhookType, identifiers: (data: EventData<N>) => Identifiers];

const delivery = ({
  instanceId,
  sopInstanceUid,
  destination,
  deliveryId,
  origin,
}: EventData<'pacs-gateway.delivery.failed'>) => ({
  deliveryId,
  destination,
  instanceId,
  sopInstanceUid,
  clipId: origin.id,
});
type Delivery = Parameters<typeof delivery>[0];

/** Which events are told, and the identifiers that are told of each: never a name, never a text (promises.md, Security). */
const told: { [N in EventName]?: Tell<N> } = {
  'catalog.procedure.started': ['procedure.started', ({ procedureId, stationId }) => ({ procedureId, stationId })],
  'catalog.procedure.ended': ['procedure.ended', ({ procedureId, stationId }) => ({ procedureId, stationId })],
  'buffer.clip.saved': ['clip.saved', ({ clipId, procedureId, stationId }) => ({ clipId, procedureId, stationId })],
  'transcoder.clip.imported': [
    'clip.saved',
    ({ clipId, procedureId, stationId }) => ({ clipId, procedureId, stationId }),
  ],
  'buffer.clip.failed': ['clip.failed', ({ clipId, stationId }) => ({ clipId, stationId })],
  'buffer.still.captured': [
    'still.captured',
    ({ stillId, procedureId, stationId, sourceId }) => ({ clipId: stillId, procedureId, stationId, sourceId }),
  ],
  'dicomizer.instance.created': [
    'instance.created',
    ({ instanceId, sopInstanceUid, studyInstanceUid, seriesInstanceUid, origin }) => ({
      instanceId,
      sopInstanceUid,
      studyInstanceUid,
      seriesInstanceUid,
      clipId: origin.id,
      procedureId: origin.procedureId,
      stationId: origin.stationId,
    }),
  ],
  'pacs-gateway.instance.stored': ['instance.stored', (data) => delivery(data as unknown as Delivery)],
  'pacs-gateway.instance.committed': ['instance.committed', (data) => delivery(data as unknown as Delivery)],
  'catalog.clip.removed': [
    'clip.removed',
    ({ clipId, procedureId, stationId, sourceId, what, renditionId }) => ({
      clipId,
      procedureId,
      stationId,
      sourceId,
      what,
      ...(renditionId === undefined ? {} : { renditionId }),
    }),
  ],
  'pacs-gateway.delivery.failed': ['delivery.failed', (data) => ({ ...delivery(data), code: data.code })],
};

/** The events behind some types. */
export function eventsBehind(types: readonly WebhookType[]): EventName[] {
  return Object.entries(told).flatMap(([name, [type]]) => (types.includes(type) ? [name as EventName] : []));
}

/** The message of an event, as Standard Webhooks shape it; undefined for one that is not told. */
export function messageOf(name: EventName, data: unknown, at: string): { type: WebhookType; body: string } | undefined {
  const tell = told[name] as Tell<EventName> | undefined;
  if (!tell) return undefined;
  const [type, identifiers] = tell;
  return { type, body: JSON.stringify({ type, timestamp: at, data: identifiers(data as EventData<EventName>) }) };
}

/** The key behind `whsec_...`. @throws SmartBoxError `invalid-config`; the secret is never quoted. */
export function keyOf(secret: string, owner: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (secret.startsWith('whsec_') && key.length >= 24 && key.length <= 64) return key;
  throw inputError('invalid-config', `${owner}: secret: whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)`);
}

/** The three headers of Standard Webhooks 1.0. `messageId` stays the same over all attempts. */
export function signedHeaders(key: Buffer, messageId: string, at: Date, body: string): Record<string, string> {
  const seconds = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', key).update(`${messageId}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': messageId, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}

/** Waits between attempts, seconds: about three days in all. */
const WAITS = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
export const MAX_ATTEMPTS = WAITS.length + 1;

/** Until the next attempt after `attempt` failed ones, up to a fifth more by chance; undefined: none any more. */
export function waitMs(attempt: number, random: number): number | undefined {
  const seconds = WAITS[attempt - 1];
  return seconds === undefined ? undefined : Math.round(seconds * 1000 * (1 + random / 5));
}
