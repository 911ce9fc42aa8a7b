import type { Msg } from '@nats-io/transport-node';
import { RpcError, rpcMap, rpcSubject, type RpcName, type RpcReply, type RpcRequest } from '@smartbox/contracts';
import { inputError, SmartBoxError, toError, transientError } from '@smartbox/kernel';
import { createLogger, injectTrace, withSpan } from '@smartbox/telemetry';
import type { NatsLink } from './connection.ts';
import { issues } from './envelope.ts';
import { fromNatsHeaders, toNatsHeaders } from './headers.ts';
import type { Headers, RpcContext } from './message.ts';

/** Present on a failed reply; the body is an RpcError. */
const ERROR_HEADER = 'Smartbox-Error';

export interface CallOptions {
  /** For what is answered per station: `rpc.capture-edge.idr.<station>`. */
  station?: string;
  /** Default 5000. */
  timeoutMs?: number;
}

/**
 * Asks and waits for the typed answer.
 * @throws SmartBoxError as the other side threw it; `no-responders` and `rpc-timeout` are retryable.
 */
export async function call<N extends RpcName>(
  link: NatsLink,
  name: N,
  request: RpcRequest<N>,
  options: CallOptions = {},
): Promise<RpcReply<N>> {
  const subject = rpcSubject(name, options.station);
  const checked = rpcMap[name].request.safeParse(request);
  if (!checked.success) throw inputError('invalid-message', `${subject}: ${issues(checked.error)}`);
  return withSpan(
    `call ${subject}`,
    { 'messaging.system': 'nats', 'messaging.destination.name': subject },
    async () => {
      const message = await ask(link, subject, JSON.stringify(checked.data), options.timeoutMs ?? 5000);
      const body = jsonOf(message);
      if (message.headers?.has(ERROR_HEADER)) throw remoteError(subject, body);
      const reply = rpcMap[name].reply.safeParse(body);
      if (reply.success) return reply.data as RpcReply<N>;
      throw new SmartBoxError({
        code: 'invalid-reply',
        message: `${subject}: ${issues(reply.error)}`,
        fault: 'theirs',
      });
    },
    { kind: 'client' },
  );
}

async function ask(link: NatsLink, subject: string, payload: string, timeoutMs: number): Promise<Msg> {
  try {
    return await link.connection.request(subject, payload, {
      timeout: timeoutMs,
      headers: toNatsHeaders(injectTrace({})),
    });
  } catch (error) {
    const reason = toError(error);
    const text = `${reason.name} ${reason.message} ${reason.cause instanceof Error ? reason.cause.name : ''}`;
    if (/no ?responders/i.test(text)) {
      throw transientError('no-responders', `nobody answers ${subject} at the moment`, error);
    }
    if (/timeout/i.test(text))
      throw transientError('rpc-timeout', `${subject}: no answer within ${timeoutMs} ms`, error);
    throw transientError('broker-unavailable', `${subject}: ${reason.message}`, error);
  }
}

function remoteError(subject: string, body: unknown): SmartBoxError {
  const parsed = RpcError.safeParse(body);
  if (parsed.success) return new SmartBoxError(parsed.data);
  return new SmartBoxError({ code: 'invalid-reply', message: `${subject}: an error of unknown form`, fault: 'theirs' });
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

export type AnyRpcHandler = (request: unknown, context: RpcContext) => unknown;

export interface RpcServer {
  close(): Promise<void>;
}

/** Answers requests in a queue group: several processes share the work. Requests run side by side. */
export function serve(
  link: NatsLink,
  service: string,
  name: RpcName,
  station: string | undefined,
  handler: AnyRpcHandler,
): RpcServer {
  const log = createLogger(service);
  const subject = rpcSubject(name, station);
  const inFlight = new Set<Promise<void>>();
  const subscription = link.connection.subscribe(subject, {
    queue: service,
    callback: (error, message) => {
      if (error) {
        log.error({ err: error, subject }, 'the subscription reports an error');
        return;
      }
      // Nothing may be thrown in here: it would end the connection's reader.
      const work = answer(name, message, handler, log).catch((failed: unknown) => {
        log.error({ err: toError(failed), subject }, 'the answer could not be sent');
      });
      inFlight.add(work);
      void work.finally(() => inFlight.delete(work));
    },
  });
  return {
    close: async () => {
      if (!link.connection.isClosed()) await subscription.drain().catch(() => undefined);
      await Promise.allSettled(inFlight);
    },
  };
}

async function answer(
  name: RpcName,
  message: Msg,
  handler: AnyRpcHandler,
  log: ReturnType<typeof createLogger>,
): Promise<void> {
  const headers: Headers = fromNatsHeaders(message.headers);
  const work = async () => {
    const request = rpcMap[name].request.safeParse(jsonOf(message));
    if (!request.success) throw inputError('invalid-message', `${message.subject}: ${issues(request.error)}`);
    const reply = rpcMap[name].reply.safeParse(
      await handler(request.data, { name, subject: message.subject, headers }),
    );
    if (reply.success) return JSON.stringify(reply.data);
    throw new SmartBoxError({
      code: 'invalid-reply',
      message: `${message.subject}: ${issues(reply.error)}`,
      fault: 'ours',
    });
  };
  const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': message.subject };
  try {
    const reply = await withSpan(`answer ${message.subject}`, attributes, work, { kind: 'server', parent: headers });
    message.respond(reply);
  } catch (thrown) {
    const error = toError(thrown);
    log.warn({ err: error, rpc: name }, 'the request failed');
    // An unknown error's text could carry anything: the caller gets a stable sentence.
    const body: RpcError =
      error instanceof SmartBoxError
        ? { code: error.code, message: error.message, fault: error.fault, retryable: error.retryable }
        : { code: 'internal', message: `${name} failed: see the log of the service`, fault: 'ours', retryable: true };
    message.respond(JSON.stringify(body), { headers: toNatsHeaders({ [ERROR_HEADER]: body.code }) });
  }
}
