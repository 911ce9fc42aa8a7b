import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import { WebSocketServer, type WebSocket } from 'ws';
import { FrameViewers } from '../application/frame-viewers.ts';
import { LiveSessions } from '../application/live-sessions.ts';
import { Overflow } from '../application/overflow.ts';
import { ViewerJournal } from '../application/viewer-journal.ts';
import { sessionText } from '../domain/frame-message.ts';
import { elsewhere, problemOf } from './problem.ts';
import { oneSourceOf } from './streams.ts';
import { WhepSettings } from './whep.controller.ts';

/** Named by both sides (RFC 6455 section 1.9); the token stands beside it: a browser cannot send headers here. */
const PROTOCOL = 'smartbox.live.v1';
const TOKEN = /^bearer\.([\w.-]+)$/;
const PING_MS = 5_000;
/** As many sessions as a viewer may come back from. */
const MOST_PLACES = 8;

/**
 * `GET /live/<station>/<source>` upgraded to a WebSocket (RFC 6455): every picture as a piece of fMP4, for players whose
 * network lets no UDP through. What is refused is said in the close frame: code 4000 + the HTTP status (private use,
 * section 7.4.2), reason the problem's `code`; 4307: the origin of an instance that has room, to be asked with `?sent`.
 * `?instead=<session>`: whose place this one takes, of a WHEP session, too.
 */
@Injectable()
export class LiveSocket implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #host: HttpAdapterHost;
  readonly #viewers: FrameViewers;
  readonly #sessions: LiveSessions;
  readonly #journal: ViewerJournal;
  readonly #overflow: Overflow;
  readonly #settings: WhepSettings;
  readonly #log = createLogger('streaming');
  readonly #sockets = new WebSocketServer({
    noServer: true,
    // A player has nothing to say.
    maxPayload: 1024,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  readonly #answered = new WeakSet<WebSocket>();
  /** Those who watch, by their session: how to take one out. */
  readonly #seats = new Map<string, () => void>();
  #ping: NodeJS.Timeout | undefined;

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(FrameViewers) viewers: FrameViewers,
    @Inject(LiveSessions) sessions: LiveSessions,
    @Inject(ViewerJournal) journal: ViewerJournal,
    @Inject(Overflow) overflow: Overflow,
    @Inject(WhepSettings) settings: WhepSettings,
  ) {
    this.#host = host;
    this.#journal = journal;
    this.#overflow = overflow;
    this.#viewers = viewers;
    this.#sessions = sessions;
    this.#settings = settings;
  }

  onApplicationBootstrap(): void {
    const server = this.#host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => undefined);
      if (!/^\/live\//.test(request.url ?? '') || !this.#mayCome(request.headers.origin)) {
        socket.end(`HTTP/1.1 ${/^\/live\//.test(request.url ?? '') ? '403 Forbidden' : '404 Not Found'}\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (websocket) => void this.#serve(websocket, request));
    });
    this.#ping = setInterval(() => this.#lookAfter(), PING_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.#ping);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
  }

  #mayCome(origin: string | undefined): boolean {
    const { allowedOrigins } = this.#settings;
    return origin === undefined || allowedOrigins.length === 0 || allowedOrigins.includes(origin);
  }

  async #serve(socket: WebSocket, request: IncomingMessage): Promise<void> {
    let over = false;
    // Random: who knows it has been here before.
    const viewerId = randomBytes(16).toString('base64url');
    this.#answered.add(socket);
    socket.on('pong', () => this.#answered.add(socket));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      over = true;
      this.#seats.get(viewerId)?.();
      this.#journal.gone(viewerId);
    });
    const refuse = (thrown: unknown): void => {
      const { status, code, detail } = problemOf(thrown);
      if (status >= 500 && !(thrown instanceof SmartBoxError)) this.#log.error({ err: toError(thrown) }, detail);
      // A close frame would wait behind what it does not take.
      if (code === 'viewer-stuck') socket.terminate();
      else socket.close(4000 + status, elsewhere(thrown) ?? code);
    };
    try {
      const [path = '', query = ''] = (request.url ?? '').split('?');
      const [, , station = '', source = ''] = path.split('/');
      const { stationId, sourceId } = oneSourceOf({ station, source });
      const sources = { stationId, sourceIds: [sourceId] };
      const who = this.#sessions.authorize(bearerOf(request), sources);
      const watching = { viewerId, stationId, sourceId, who, transport: 'websocket' } as const;
      const sink = {
        get waitingBytes() {
          return socket.bufferedAmount;
        },
        send: (data: string | Buffer) => {
          this.#journal.plays(watching);
          if (socket.readyState === socket.OPEN) socket.send(data);
        },
        end: refuse,
      };
      const asked = new URLSearchParams(query);
      const instead = (asked.get('instead') ?? '').split(',', MOST_PLACES);
      await this.#overflow.join('websocket', asked.has('sent'), async () => {
        await this.#sessions.welcome(sources, instead);
        if (over) return;
        // A connection that broke unseen would hold the place that it comes back to.
        for (const session of instead) this.#seats.get(session)?.();
        const leave = this.#viewers.join(stationId, sourceId, sink);
        this.#sessions.seated(viewerId, sources);
        this.#seats.set(viewerId, () => {
          this.#seats.delete(viewerId);
          this.#sessions.left(viewerId);
          leave();
          socket.terminate();
        });
        socket.send(sessionText(viewerId));
      });
    } catch (error) {
      refuse(error);
    }
  }

  /** A socket that does not answer a ping before the next one is gone (RFC 6455 section 5.5.2). */
  #lookAfter(): void {
    for (const socket of this.#sockets.clients) {
      if (!this.#answered.has(socket)) {
        socket.terminate();
        continue;
      }
      this.#answered.delete(socket);
      // Behind a second of pictures its answer comes late: whether it takes anything at all is looked after elsewhere.
      if (socket.bufferedAmount === 0) socket.ping();
      else this.#answered.add(socket);
    }
  }
}

/** From the header, or from the protocols that a browser offers. */
function bearerOf({ headers }: IncomingMessage): string | undefined {
  if (headers.authorization !== undefined) return headers.authorization;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => TOKEN.exec(one.trim())?.[1]);
  const token = offered.find((one) => one !== undefined);
  return token === undefined ? undefined : `Bearer ${token}`;
}
