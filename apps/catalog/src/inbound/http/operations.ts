import {
  AcknowledgeAlarm,
  AlarmView,
  AppConfig,
  Recipe,
  Token,
  Ulid,
  WebhookDeliveryView,
  WebhookTest,
  WebhookView,
} from '@smartbox/contracts';
import { z } from 'zod';
import { limit, listOf, type Operation } from './operation.ts';
import { accessOperations } from './operations-access.ts';
import { archiveOperations } from './operations-archive.ts';
import { auditOperations } from './operations-audit.ts';
import { clipsOperations } from './operations-clips.ts';
import { editOperations } from './operations-edit.ts';
import { exportOperations } from './operations-export.ts';
import { importOperations } from './operations-import.ts';
import { proceduresOperations } from './operations-procedures.ts';
import { retentionOperations } from './operations-retention.ts';
import { stationsOperations } from './operations-stations.ts';

export type { Operation };

const define = <const T extends Record<string, Operation>>(all: T): T => all;

export const operations = define({
  getConfig: {
    method: 'get',
    path: '/config',
    summary: 'What the web app has to know',
    needs: 'signed-in',
    response: AppConfig,
  },
  listRecipes: {
    method: 'get',
    path: '/recipes',
    summary: 'Kinds of procedures',
    needs: 'signed-in',
    response: listOf(Recipe),
  },
  ...stationsOperations,
  ...proceduresOperations,
  ...clipsOperations,
  ...editOperations,
  ...exportOperations,
  ...archiveOperations,
  ...importOperations,
  ...retentionOperations,
  ...accessOperations,
  ...auditOperations,
  listAlarms: {
    method: 'get',
    path: '/alarms',
    summary: 'What a person should know about: open alarms, and those acknowledged within a day',
    needs: 'room.read',
    response: listOf(AlarmView),
  },
  acknowledgeAlarm: {
    method: 'post',
    path: '/alarms/acknowledge',
    summary: 'Somebody has seen it; a newer alarm of the kind is open again',
    needs: 'alarm.acknowledge',
    body: AcknowledgeAlarm,
    response: listOf(AlarmView),
  },
  listWebhooks: {
    method: 'get',
    path: '/webhooks',
    summary: 'Where other systems are told what happens (webhooks.yaml), and what waits or failed there',
    needs: 'delivery.read',
    response: listOf(WebhookView),
  },
  listWebhookDeliveries: {
    method: 'get',
    path: '/webhooks/:name/deliveries',
    summary: 'The log of one webhook, the newest first, 30 days',
    needs: 'delivery.read',
    params: z.object({ name: Token }),
    query: z.object({
      state: z.enum(['delivered', 'waiting', 'failed']).optional(),
      before: Ulid.optional().describe('the last message of the page before'),
      limit,
    }),
    response: listOf(WebhookDeliveryView),
  },
  resendWebhookDelivery: {
    method: 'post',
    path: '/webhooks/:name/deliveries/:messageId/resend',
    summary: 'The same message once more, now, under the same id; what became of it stands in the log. Audited',
    needs: 'delivery.retry',
    params: z.object({ name: Token, messageId: Ulid }),
    status: 204,
  },
  testWebhook: {
    method: 'post',
    path: '/webhooks/:name/test',
    summary: 'A signed message of type `test`, now, and what the receiver answered. Audited',
    needs: 'admin.system',
    params: z.object({ name: Token }),
    response: WebhookTest,
  },
  getFeed: {
    method: 'get',
    path: '/feed',
    summary: 'Server-sent events (FeedMessage), a heartbeat each second; Last-Event-ID resumes',
    needs: 'room.read',
    response: 'text/event-stream',
    kind: 'events',
  },
});
export type OperationName = keyof typeof operations;

type Part<T, K extends string> =
  T extends Record<K, infer S> ? (S extends z.ZodType ? z.output<S> : undefined) : undefined;
/** What a handler gets: checked and converted. */
export interface InputOf<N extends OperationName> {
  params: Part<(typeof operations)[N], 'params'>;
  query: Part<(typeof operations)[N], 'query'>;
  headers: Part<(typeof operations)[N], 'headers'>;
  body: Part<(typeof operations)[N], 'body'>;
}
