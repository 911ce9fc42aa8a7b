import { Controller, Delete, Get, Inject, Options, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { withSpan } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LiveSessions, type Joined, type Sources } from '../application/live-sessions.ts';
import { Overflow } from '../application/overflow.ts';
import { OFFER_MS } from '../domain/answer.ts';
import { bodyOf, typeOf } from './bodies.ts';
import { bearerOf, wasSentHere } from './bearer.ts';
import { openTo } from './cors.ts';
import { sourcesOf, type Stream } from './streams.ts';

/** Web pages that may play, ICE servers told to viewers, and where browsers reach this instance. */
export class WhepSettings {
  readonly allowedOrigins: readonly string[];
  readonly iceServers: readonly string[];
  readonly publicUrl: string | undefined;
  constructor(allowedOrigins: readonly string[], iceServers: readonly string[], publicUrl: string | undefined) {
    this.allowedOrigins = allowedOrigins;
    this.iceServers = iceServers;
    this.publicUrl = publicUrl;
  }
}

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
type SessionStream = Stream & { session: string };

/**
 * WHEP (draft-ietf-wish-whep), one endpoint per stream: POST an offer, PATCH the session, DELETE it. Several sources of
 * a room in one session are ours: the draft has one video to a session.
 */
@Controller('whep')
export class WhepController {
  readonly #sessions: LiveSessions;
  readonly #overflow: Overflow;
  readonly #settings: WhepSettings;

  constructor(
    @Inject(LiveSessions) sessions: LiveSessions,
    @Inject(Overflow) overflow: Overflow,
    @Inject(WhepSettings) settings: WhepSettings,
  ) {
    this.#sessions = sessions;
    this.#overflow = overflow;
    this.#settings = settings;
  }

  /** HEAD too: by the content type a player knows that this is WHEP ("WHEP Endpoint URL Discoverability"). */
  @Get(':station/:source')
  discover(@Param() stream: Stream, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#cors(request, reply);
    sourcesOf(stream);
    void reply.status(200).header('content-type', SDP).send('');
  }

  @Get(':station/:source/:session')
  nothing(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#cors(request, reply);
    void reply.status(204).send();
  }

  @Post(':station/:source')
  async join(@Param() stream: Stream, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.#cors(request, reply);
    const { sources, who } = this.#check(stream, request);
    const offer = bodyOf(request, SDP);
    const attributes = { 'smartbox.station': stream.station, 'smartbox.source': stream.source };
    const joined = await withSpan('whep join', attributes, () =>
      this.#overflow.join('webrtc', wasSentHere(request), () =>
        this.#sessions.join(sources, offer, who, placesOf(request)),
      ),
    );
    this.#describe(stream, joined, reply);
  }

  @Patch(':station/:source/:session')
  async patch(
    @Param() stream: SessionStream,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#cors(request, reply);
    const { sources } = this.#check(stream, request);
    if (typeOf(request) === SDP) {
      await this.#sessions.answer(stream.session, sources, bodyOf(request, SDP));
      return void reply.status(204).send();
    }
    const fragment = bodyOf(request, FRAGMENT);
    const restarted = await this.#sessions.patch(stream.session, sources, fragment, request.headers['if-match']);
    if (!restarted) return void reply.status(204).send();
    void reply.status(200).header('content-type', FRAGMENT).header('etag', restarted.etag).send(restarted.fragment);
  }

  @Delete(':station/:source/:session')
  leave(@Param() stream: SessionStream, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#cors(request, reply);
    const { sources } = this.#check(stream, request);
    this.#sessions.leave(stream.session, sources);
    void reply.status(200).send();
  }

  @Options(['*'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#cors(request, reply);
    void reply
      .status(200)
      .header('access-control-allow-methods', 'OPTIONS, GET, HEAD, POST, PATCH, DELETE')
      .header('access-control-allow-headers', 'Authorization, Content-Type, If-Match')
      .header('access-control-max-age', '600')
      .header('accept-post', SDP)
      .send('');
  }

  #describe(stream: Stream, { session, sdp, counterOffer }: Joined, reply: FastifyReply): void {
    const servers = this.#settings.iceServers.map((server) => `<${server}>; rel="ice-server"`);
    if (servers.length > 0) void reply.header('link', servers.join(', '));
    const until = new Date(Date.now() + OFFER_MS).toUTCString();
    void reply
      .status(counterOffer ? 406 : 201)
      .header('content-type', counterOffer ? `${SDP}; valid-until="${until}"` : SDP)
      // Absolute where it can be: it is resolved by players that were sent here, too.
      .header('location', `${this.#settings.publicUrl ?? ''}/whep/${stream.station}/${stream.source}/${session.id}`)
      .header('etag', session.etag)
      .header('accept-patch', `${FRAGMENT}, ${SDP}`)
      .send(sdp);
  }

  /** The token is checked on every request, not only on the first (promises.md, Security). */
  #check(stream: Stream, request: FastifyRequest): { sources: Sources; who: string } {
    const sources = sourcesOf(stream);
    return { sources, who: this.#sessions.authorize(bearerOf(request), sources) };
  }

  #cors(request: FastifyRequest, reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, 'Location, ETag, Link, Retry-After, Accept-Patch');
  }
}

/** `?instead=<session>,<session>`: whose place the new session takes. Ours, not the draft's. */
function placesOf({ query }: FastifyRequest): string[] {
  const { instead } = query as { instead?: unknown };
  return typeof instead === 'string' ? instead.split(',').slice(0, 8) : [];
}
