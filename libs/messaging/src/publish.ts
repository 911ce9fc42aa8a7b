import type { NatsLink } from './connection.ts';
import { JetStreamApiError } from '@nats-io/jetstream';
import { PermissionViolationError } from '@nats-io/transport-node';
import { SmartBoxError, toError, transientError } from '@smartbox/kernel';
import type { Headers } from './message.ts';
import { toNatsHeaders } from './headers.ts';

export interface Published {
  stream: string;
  sequence: number;
  /** The stream already had this id: nothing was stored again. */
  duplicate: boolean;
}

export interface PublishOptions {
  msgId: string;
  headers?: Headers;
  /** Bound of one attempt, ms. */
  timeoutMs?: number;
}

/** One attempt. @throws SmartBoxError, retryable where the broker may recover. */
export async function publishOnce(
  link: NatsLink,
  subject: string,
  payload: Uint8Array,
  options: PublishOptions,
): Promise<Published> {
  const limit = link.connection.info?.max_payload ?? 8 * 1024 * 1024;
  if (payload.byteLength > limit) {
    throw new SmartBoxError({
      code: 'message-too-large',
      message: `a message of ${payload.byteLength} bytes on ${subject}: the server takes ${limit}`,
      fault: 'ours',
    });
  }
  try {
    const ack = await link.js.publish(subject, payload, {
      msgID: options.msgId,
      timeout: options.timeoutMs ?? 5000,
      ...(options.headers ? { headers: toNatsHeaders(options.headers) } : {}),
    });
    return { stream: ack.stream, sequence: ack.seq, duplicate: ack.duplicate };
  } catch (error) {
    throw publishError(subject, error);
  }
}

function publishError(subject: string, error: unknown): SmartBoxError {
  const reason = toError(error);
  if (error instanceof JetStreamApiError && error.status < 500) {
    return new SmartBoxError({
      code: 'publish-refused',
      message: `the stream refuses ${subject}: ${reason.message}`,
      fault: 'ours',
      cause: error,
    });
  }
  // As it is, or as the reason why a request for the acknowledgement failed.
  if ([reason, reason.cause].some((one) => one instanceof PermissionViolationError)) {
    return new SmartBoxError({
      code: 'publish-forbidden',
      message: `no permission to publish ${subject}`,
      fault: 'ours',
      cause: error,
    });
  }
  // Time-out, no responders (no stream yet, no leader), a full disk, a closed or reconnecting connection.
  return transientError('broker-unavailable', `${subject} was not acknowledged: ${reason.message}`, error);
}

/** Tries until `deadlineMs` have passed; the same id makes the repeats harmless. */
export async function publishWithRetry(
  link: NatsLink,
  subject: string,
  payload: Uint8Array,
  options: PublishOptions & { deadlineMs?: number },
): Promise<Published> {
  const deadline = Date.now() + (options.deadlineMs ?? 20_000);
  for (let wait = 100; ; wait = Math.min(wait * 2, 2000)) {
    try {
      return await publishOnce(link, subject, payload, options);
    } catch (error) {
      const retryable = error instanceof SmartBoxError && error.retryable;
      if (!retryable || Date.now() + wait >= deadline || link.connection.isClosed()) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
