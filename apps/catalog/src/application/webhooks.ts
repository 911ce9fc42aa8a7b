import type { EventName, WebhookConfig, WebhookTest, WebhookView } from '@smartbox/contracts';
import { deterministicId, inputError, newId, SmartBoxError, toError } from '@smartbox/kernel';
import type { z } from 'zod';
import { keyOf, messageOf, signedHeaders, waitMs } from '../domain/webhook.ts';
import type { Audit } from './ports.ts';

/** A configured webhook; the secret as it is now. */
export type Webhook = Omit<WebhookConfig, 'secret'> & { secret: () => string };

export type Post = (
  target: string,
  body: string,
  headers: Record<string, string>,
  options: { reach: WebhookConfig['reach']; signal: AbortSignal },
) => Promise<{ status: number; retryAfterSeconds: number | undefined }>;

export interface WebhookAttempt {
  messageId: string;
  webhook: string;
  type: string;
  state: 'delivered' | 'waiting' | 'failed';
  attempts: number;
  /** As it was signed. */
  body: string;
  /** HTTP status of the answer. */
  status: number | null;
  reason: string | null;
  nextAt: Date | null;
}

/** What became of each message. */
export interface WebhookLog {
  find(messageId: string): Promise<{ state: string; attempts: number } | undefined>;
  record(attempt: WebhookAttempt, at: Date): Promise<void>;
  /** What can be sent once more; undefined where it is not known any more. */
  sent(webhook: string, messageId: string): Promise<WebhookAttempt | undefined>;
  audit(audit: Audit, webhook: string, at: Date): Promise<void>;
  counts(): Promise<{ webhook: string; state: string; count: number; lastAt: Date | null }[]>;
}

export type WebhookOutcome =
  | { kind: 'delivered' }
  | { kind: 'retry'; delayMs: number; reason: string }
  | { kind: 'failed'; code: string; reason: string };

const MAX_WAIT_MS = 86_400_000;
/** A person waits for the answer. */
const PERSON_MS = 15_000;
const isTaken = (status: number | undefined) => status !== undefined && status >= 200 && status < 300;

/** Tells other systems what happened: signed, identifiers only, again until it is taken or three days have passed. */
export class Webhooks {
  readonly all: readonly Webhook[];
  readonly #log: WebhookLog;
  readonly #post: Post;

  constructor(all: readonly Webhook[], log: WebhookLog, post: Post) {
    this.all = all;
    this.#log = log;
    this.#post = post;
    for (const { name, secret } of all) keyOf(secret(), `webhook ${name}`); // at the start, not at the first event
  }

  /** One attempt. The same event twice is one message: an id that is made from it tells the receiver, and us. */
  async tell(
    webhook: Webhook,
    event: { id: string; name: EventName; time: string; data: unknown },
    signal: AbortSignal,
  ): Promise<WebhookOutcome> {
    const message = messageOf(event.name, event.data, event.time);
    if (!message) return { kind: 'delivered' };
    const { name, reach } = webhook;
    const messageId = deterministicId('webhook', name, event.id);
    const before = await this.#log.find(messageId);
    if (before?.state === 'delivered') return { kind: 'delivered' };
    const attempts = (before?.attempts ?? 0) + 1;
    const now = new Date();
    const base = { messageId, webhook: name, type: message.type, attempts, body: message.body };
    const result = await this.#attempt(webhook, messageId, message.body, now, { reach, signal });
    signal.throwIfAborted();
    if (isTaken(result.status)) {
      await this.#record({ ...base, state: 'delivered', status: result.status ?? null, reason: null, nextAt: null });
      return { kind: 'delivered' };
    }
    const status = result.status ?? null;
    const wait = result.final ? undefined : waitMs(attempts, Math.random());
    if (wait === undefined) {
      await this.#record({ ...base, state: 'failed', status, reason: result.reason, nextAt: null });
      return { kind: 'failed', code: 'webhook-failed', reason: `${name}: ${result.reason}` };
    }
    const delayMs = Math.min(MAX_WAIT_MS, Math.max(wait, (result.retryAfterSeconds ?? 0) * 1000));
    const nextAt = new Date(now.getTime() + delayMs);
    await this.#record({ ...base, state: 'waiting', status, reason: result.reason, nextAt });
    return { kind: 'retry', delayMs, reason: result.reason };
  }

  /** A signed message of type `test`, now: it says nothing, and is not in the log. */
  async test(webhook: Webhook, audit: Audit): Promise<z.infer<typeof WebhookTest>> {
    const now = new Date();
    const body = JSON.stringify({ type: 'test', timestamp: now.toISOString(), data: {} });
    await this.#log.audit(audit, webhook.name, now);
    const { reach } = webhook;
    const signal = AbortSignal.timeout(PERSON_MS);
    const { status, reason } = await this.#attempt(webhook, newId(), body, now, { reach, signal });
    const ok = isTaken(status);
    const durationMs = Date.now() - now.getTime();
    return { ok, durationMs, ...(status === undefined ? {} : { status }), ...(ok ? {} : { reason }) };
  }

  /**
   * The same message once more, now, because a person wants it: same id, a new signature. What still waits for its
   * next attempt goes on waiting where this one fails too.
   * @throws SmartBoxError `message-not-found`
   */
  async resend(webhook: Webhook, messageId: string, audit: Audit): Promise<void> {
    const { name, reach } = webhook;
    const before = await this.#log.sent(name, messageId);
    if (!before) {
      throw inputError('message-not-found', `webhook ${name} has no message ${messageId} that could be sent again`);
    }
    const now = new Date();
    await this.#log.audit(audit, name, now);
    const signal = AbortSignal.timeout(PERSON_MS);
    const { status, reason } = await this.#attempt(webhook, messageId, before.body, now, { reach, signal });
    const attempt = { ...before, attempts: before.attempts + 1, status: status ?? null };
    await this.#record(
      isTaken(status) ? { ...attempt, state: 'delivered', reason: null, nextAt: null } : { ...attempt, reason },
    );
  }

  async view(): Promise<z.infer<typeof WebhookView>[]> {
    const counts = await this.#log.counts();
    return this.all.map(({ name, url, types, reach }) => {
      const of = (state: string) => counts.find((row) => row.webhook === name && row.state === state);
      const last = of('delivered')?.lastAt;
      return {
        name,
        origin: new URL(url).origin,
        types: [...types],
        reach,
        waiting: of('waiting')?.count ?? 0,
        failed: of('failed')?.count ?? 0,
        ...(last ? { lastDeliveredAt: last.toISOString() } : {}),
      };
    });
  }

  async #attempt(
    { name, url, secret }: Webhook,
    messageId: string,
    body: string,
    at: Date,
    options: Parameters<Post>[3],
  ): Promise<{ status?: number; retryAfterSeconds?: number | undefined; reason: string; final?: boolean }> {
    try {
      const headers = signedHeaders(keyOf(secret(), `webhook ${name}`), messageId, at, body);
      const { status, retryAfterSeconds } = await this.#post(url, body, headers, options);
      // 410: the receiver wants no more of this (Standard Webhooks, "Deliverability and reliability").
      if (status === 410) return { status, reason: 'HTTP 410: the receiver is gone', final: true };
      const moved = status >= 300 && status < 400 ? ', redirects are not followed' : '';
      return { status, retryAfterSeconds, reason: `HTTP ${status}${moved}` };
    } catch (thrown) {
      const final = thrown instanceof SmartBoxError && thrown.fault === 'input';
      return { reason: toError(thrown).message, final };
    }
  }

  #record(attempt: WebhookAttempt): Promise<void> {
    return this.#log.record(attempt, new Date());
  }
}
