import type { BlockList } from 'node:net';
import { parseCookie } from 'cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toError } from '@smartbox/kernel';
import { answering, type Asking } from '../../../application/access/asking.ts';
import type { Doorkeeper, Shown } from '../../../application/access/doorkeeper.ts';
import { clientAddress, isLoopback, isOwnName } from '../../../domain/access/addresses.ts';
import type { Caller } from '../../../domain/access/caller.ts';
import type { Cookies } from './cookies.ts';

/** Who asks; or why that could not be found out. */
const asked = new WeakMap<FastifyRequest, Asking | Error>();

/** @throws what kept us from finding out */
export function askingOf(request: FastifyRequest): Asking {
  const found = asked.get(request) ?? new Error('nobody was asked for: the hook is missing');
  if (found instanceof Error) throw found;
  return found;
}

/** A request of this machine to this machine: no proxy has passed it on, and it calls us by a name of our own. */
function isHere({ headers, socket }: FastifyRequest): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  return isLoopback(socket.remoteAddress ?? '') && isOwnName(headers.host ?? '');
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value;

/** `Bearer <token>`; anything else that claims to be an authorization is a wrong one. */
const bearerOf = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : (/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');

/** Long ago: it says nothing of whether a person is there. */
const NO_INPUT = '999999999';

/** What our pages do without anybody touching them: pictures of a list, the feed (Fetch Metadata, Sec-Fetch-Dest). */
const isByItself = ({ url, headers }: FastifyRequest): boolean =>
  url.startsWith('/api/') && ['image', 'empty'].includes(one(headers['sec-fetch-dest']) ?? '');

/** Reads off a request who makes it. */
export class Recognition {
  readonly #door: Doorkeeper;
  readonly #cookies: Cookies;
  readonly #proxies: BlockList;

  /** `proxies`: whose `X-Forwarded-For` is believed. */
  constructor(door: Doorkeeper, cookies: Cookies, proxies: BlockList) {
    this.#door = door;
    this.#cookies = cookies;
    this.#proxies = proxies;
  }

  async asking(request: FastifyRequest): Promise<Asking> {
    const { headers } = request;
    const shown = this.#shown(request);
    const device = (headers['user-agent'] ?? '').slice(0, 200);
    return { caller: await this.#door.recognise(shown), address: shown.address, device };
  }

  /** Once more, for a request that goes on for long. */
  again(request: FastifyRequest): Promise<Caller | undefined> {
    return this.#door.recognise({ ...this.#shown(request), idle: NO_INPUT });
  }

  #shown(request: FastifyRequest): Shown {
    const { headers, socket } = request;
    const cookies = parseCookie(headers.cookie ?? '');
    return {
      bearer: bearerOf(headers.authorization),
      session: cookies[this.#cookies.session],
      panel: cookies[this.#cookies.panel],
      idle: one(headers['smartbox-idle']) ?? (isByItself(request) ? NO_INPUT : undefined),
      isHere: isHere(request),
      address: clientAddress(socket.remoteAddress ?? '', one(headers['x-forwarded-for']), this.#proxies),
    };
  }
}

/** Fastify hooks: find out who asks, and answer everything of a request as asked by them. */
export function identifyRequests(fastify: FastifyInstance, recognition: Recognition): void {
  fastify.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (reply.sent || !/^\/(api|dicomweb)([/?]|$)/.test(request.url)) return;
    try {
      asked.set(request, await recognition.asking(request));
    } catch (error) {
      // Told by the guard, as every error is.
      asked.set(request, toError(error));
    }
  });
  // A body is read in the context of its socket: what the handler does is brought into the request's own here.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const asking = asked.get(request);
    if (asking === undefined || asking instanceof Error) done();
    else answering(asking, done);
  });
}
