import { Controller, Delete, Get, Inject, Options, Param, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { inputError } from '@smartbox/kernel';
import { withSpan } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LiveSessions } from '../application/live-sessions.ts';
import { Publications } from '../application/publications.ts';
import { bodyOf } from './bodies.ts';
import { openTo } from './cors.ts';
import { oneSourceOf, type Stream } from './streams.ts';
import { WhepSettings } from './whep.controller.ts';

/** WHIP (RFC 9725), one endpoint per source of kind `whip`; the token is one for publishing, checked every time. */
@Controller('whip')
export class WhipController {
  readonly #sessions: LiveSessions;
  readonly #publications: Publications;
  readonly #settings: WhepSettings;

  constructor(
    @Inject(LiveSessions) sessions: LiveSessions,
    @Inject(Publications) publications: Publications,
    @Inject(WhepSettings) settings: WhepSettings,
  ) {
    this.#sessions = sessions;
    this.#publications = publications;
    this.#settings = settings;
  }

  @Post(':station/:source')
  async start(@Param() stream: Stream, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.#check(stream, request, reply);
    const offer = bodyOf(request, 'application/sdp');
    const { station, source } = stream;
    await this.#sessions.present({ stationId: station, sourceIds: [source] });
    const attributes = { 'smartbox.station': station, 'smartbox.source': source };
    const { id, etag, answer } = await withSpan('whip start', attributes, () =>
      this.#publications.start(station, source, offer),
    );
    const servers = this.#settings.iceServers.map((server) => `<${server}>; rel="ice-server"`);
    if (servers.length > 0) void reply.header('link', servers.join(', '));
    void reply
      .status(201)
      .header('content-type', 'application/sdp')
      .header('location', `/whip/${station}/${source}/${id}`)
      .header('etag', etag)
      .header('accept-patch', 'application/trickle-ice-sdpfrag')
      .send(answer);
  }

  @Patch(':station/:source/:session')
  async trickle(
    @Param() stream: Stream & { session: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#check(stream, request, reply);
    const { session, station, source } = stream;
    const fragment = bodyOf(request, 'application/trickle-ice-sdpfrag');
    await this.#publications.trickle(session, station, source, fragment, request.headers['if-match']);
    void reply.status(204).send();
  }

  @Delete(':station/:source/:session')
  async stop(
    @Param() stream: Stream & { session: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#check(stream, request, reply);
    await this.#publications.stop(stream.session, stream.station, stream.source);
    void reply.status(200).send();
  }

  /** HEAD too: there is nothing to see (RFC 9725 "HTTP Usage"). */
  @Get([':station/:source', ':station/:source/:session'])
  nothing(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, EXPOSED);
    void reply.status(204).send();
  }

  @Put([':station/:source', ':station/:source/:session'])
  put(@Param() at: Stream & { session?: string }, @Res() reply: FastifyReply): never {
    return notAllowed(at, reply);
  }

  @Post(':station/:source/:session')
  postToSession(@Param() at: Stream & { session: string }, @Res() reply: FastifyReply): never {
    return notAllowed(at, reply);
  }

  @Patch(':station/:source')
  patchEndpoint(@Param() at: Stream, @Res() reply: FastifyReply): never {
    return notAllowed(at, reply);
  }

  @Delete(':station/:source')
  deleteEndpoint(@Param() at: Stream, @Res() reply: FastifyReply): never {
    return notAllowed(at, reply);
  }

  @Options(['*'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, EXPOSED);
    void reply
      .status(204)
      .header('access-control-allow-methods', 'OPTIONS, POST, PATCH, DELETE')
      .header('access-control-allow-headers', 'Authorization, Content-Type, If-Match')
      .header('access-control-max-age', '600')
      .header('accept-post', 'application/sdp')
      .send();
  }

  #check(stream: Stream, request: FastifyRequest, reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, EXPOSED);
    const { stationId, sourceId } = oneSourceOf(stream);
    this.#sessions.authorize(request.headers.authorization, { stationId, sourceIds: [sourceId] }, 'publish');
  }
}

const EXPOSED = 'Location, ETag, Link, Retry-After, Accept-Patch';

/** RFC 9110 section 15.5.6: what is allowed instead is named. */
function notAllowed({ session }: Stream & { session?: string }, reply: FastifyReply): never {
  const allowed = session === undefined ? 'OPTIONS, GET, HEAD, POST' : 'OPTIONS, GET, HEAD, PATCH, DELETE';
  void reply.header('allow', allowed);
  const what = session === undefined ? 'an endpoint' : 'a session';
  throw inputError('method-not-allowed', `the methods of ${what} are ${allowed} (RFC 9725)`);
}
