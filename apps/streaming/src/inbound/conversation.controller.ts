import { Controller, Delete, Inject, Options, Param, Post, Req, Res } from '@nestjs/common';
import { inputError } from '@smartbox/kernel';
import { withSpan } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Conversations } from '../application/conversations.ts';
import { LiveSessions } from '../application/live-sessions.ts';
import { bearerOf } from './bearer.ts';
import { bodyOf } from './bodies.ts';
import { openTo } from './cors.ts';
import { stationOf } from './streams.ts';
import { WhepSettings } from './whep.controller.ts';

const SDP = 'application/sdp';

/**
 * A room's conversation, signalled as WHEP and WHIP are: POST an offer (one voice to send and hear, further ones to
 * hear, a data channel), `201` with the answer and a `Location`; DELETE it at the end.
 */
@Controller('conversation')
export class ConversationController {
  readonly #conversations: Conversations;
  readonly #sessions: LiveSessions;
  readonly #settings: WhepSettings;

  constructor(
    @Inject(Conversations) conversations: Conversations,
    @Inject(LiveSessions) sessions: LiveSessions,
    @Inject(WhepSettings) settings: WhepSettings,
  ) {
    this.#conversations = conversations;
    this.#sessions = sessions;
    this.#settings = settings;
  }

  @Post(':station')
  async join(
    @Param('station') station: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    openTo(this.#settings.allowedOrigins, request, reply, 'Location, Retry-After');
    const stationId = stationOf(station);
    const { who = 'unknown', conversation } = this.#sessions.claims(
      bearerOf(request),
      { stationId, sourceIds: [] },
      'converse',
    );
    if (!conversation) throw inputError('live-token-other-use', 'this live link is not to take part in a conversation');
    const offer = bodyOf(request, SDP);
    const { session, answer } = await withSpan('conversation join', { 'smartbox.station': stationId }, () =>
      this.#conversations.join(stationId, { who, ...conversation }, offer),
    );
    void reply
      .status(201)
      .header('content-type', SDP)
      .header('location', `${this.#settings.publicUrl ?? ''}/conversation/${stationId}/${session}`)
      .send(answer);
  }

  @Delete(':station/:session')
  leave(
    @Param() { station, session }: { station: string; session: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    openTo(this.#settings.allowedOrigins, request, reply, 'Location, Retry-After');
    // The token was for joining and may have run out by now; the address is known to this one person.
    this.#conversations.leave(session, stationOf(station));
    void reply.status(200).send();
  }

  @Options(['*'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, 'Location, Retry-After');
    void reply
      .status(200)
      .header('access-control-allow-methods', 'OPTIONS, POST, DELETE')
      .header('access-control-allow-headers', 'Authorization, Content-Type')
      .header('access-control-max-age', '600')
      .header('accept-post', SDP)
      .send('');
  }
}
