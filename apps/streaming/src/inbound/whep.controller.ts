import { Controller, Delete, Inject, Options, Param, Patch, Post, Req, Res, UseFilters } from '@nestjs/common';
import { Token } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { withSpan } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LiveSessions } from '../application/live-sessions.ts';
import { openTo } from './cors.ts';
import { ProblemFilter } from './problem.ts';

/** Web pages that may play, and ICE servers told to viewers. */
export class WhepSettings {
  readonly allowedOrigins: readonly string[];
  readonly iceServers: readonly string[];
  constructor(allowedOrigins: readonly string[], iceServers: readonly string[]) {
    this.allowedOrigins = allowedOrigins;
    this.iceServers = iceServers;
  }
}

interface Stream {
  station: string;
  source: string;
}

/** WHEP (draft-ietf-wish-whep), one endpoint per stream: POST an offer, PATCH candidates, DELETE the session. */
@Controller('whep')
@UseFilters(ProblemFilter)
export class WhepController {
  readonly #sessions: LiveSessions;
  readonly #settings: WhepSettings;

  constructor(@Inject(LiveSessions) sessions: LiveSessions, @Inject(WhepSettings) settings: WhepSettings) {
    this.#sessions = sessions;
    this.#settings = settings;
  }

  @Post(':station/:source')
  async join(@Param() stream: Stream, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.#cors(request, reply);
    this.#check(stream, request);
    const offer = bodyOf(request, 'application/sdp');
    const { station, source } = stream;
    const attributes = { 'smartbox.station': station, 'smartbox.source': source };
    const { session, answer } = await withSpan('whep join', attributes, () =>
      this.#sessions.join(station, source, offer),
    );
    const servers = this.#settings.iceServers.map((server) => `<${server}>; rel="ice-server"`);
    if (servers.length > 0) void reply.header('link', servers.join(', '));
    void reply
      .status(201)
      .header('content-type', 'application/sdp')
      .header('location', `/whep/${station}/${source}/${session.id}`)
      .header('etag', session.etag)
      .header('accept-patch', 'application/trickle-ice-sdpfrag')
      .send(answer);
  }

  @Patch(':station/:source/:session')
  trickle(
    @Param() stream: Stream & { session: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    this.#cors(request, reply);
    this.#check(stream, request);
    const fragment = bodyOf(request, 'application/trickle-ice-sdpfrag');
    this.#sessions.trickle(stream.session, stream.station, stream.source, fragment, request.headers['if-match']);
    void reply.status(204).send();
  }

  @Delete(':station/:source/:session')
  leave(
    @Param() stream: Stream & { session: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    this.#cors(request, reply);
    this.#check(stream, request);
    this.#sessions.leave(stream.session, stream.station, stream.source);
    void reply.status(200).send();
  }

  @Options(['*'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#cors(request, reply);
    void reply
      .status(204)
      .header('access-control-allow-methods', 'OPTIONS, POST, PATCH, DELETE')
      .header('access-control-allow-headers', 'Authorization, Content-Type, If-Match')
      .header('access-control-max-age', '600')
      .header('accept-post', 'application/sdp')
      .send();
  }

  /** The token is checked on every request, not only on the first (promises.md, Security). */
  #check({ station, source }: Stream, request: FastifyRequest): void {
    if (!Token.safeParse(station).success)
      throw inputError('unknown-station', 'a station is lower-case kebab, as or-1');
    if (!Token.safeParse(source).success) throw inputError('unknown-source', 'a source is lower-case kebab, as scope');
    this.#sessions.authorize(request.headers.authorization, station, source);
  }

  #cors(request: FastifyRequest, reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, 'Location, ETag, Link, Retry-After, Accept-Patch');
  }
}

function bodyOf(request: FastifyRequest, type: string): string {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (given !== type || typeof request.body !== 'string') {
    throw inputError('unsupported-media-type', `the body has to be ${type}, not ${JSON.stringify(given ?? '')}`);
  }
  return request.body;
}
