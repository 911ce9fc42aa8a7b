import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Controller, Get, Inject, Options, Param, Query, Req, Res } from '@nestjs/common';
import { Ulid } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { counter } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Dvr } from '../application/dvr.ts';
import { LiveSessions } from '../application/live-sessions.ts';
import { PastViewers, type PastRequest } from '../application/past-viewers.ts';
import { bearerOf } from './bearer.ts';
import { openTo } from './cors.ts';
import { oneSourceOf, type Stream } from './streams.ts';
import { WhepSettings } from './whep.controller.ts';

const compress = promisify(gzip);
const served = () => counter('smartbox_dvr_requests_total', 'Requests of viewers who look back', ['what']);

/**
 * Rewind by HLS (RFC 8216) out of the ring. The token of the live link is given as `Authorization: Bearer` or, for
 * players that cannot send headers, as `?token=`, which then stands behind every address of the playlist; it is
 * checked on every request.
 */
@Controller('hls')
export class HlsController {
  readonly #dvr: Dvr;
  readonly #viewers: PastViewers;
  readonly #sessions: LiveSessions;
  readonly #settings: WhepSettings;

  constructor(
    @Inject(Dvr) dvr: Dvr,
    @Inject(PastViewers) viewers: PastViewers,
    @Inject(LiveSessions) sessions: LiveSessions,
    @Inject(WhepSettings) settings: WhepSettings,
  ) {
    this.#dvr = dvr;
    this.#viewers = viewers;
    this.#sessions = sessions;
    this.#settings = settings;
  }

  @Get(':station/:source/index.m3u8')
  async playlist(
    @Param() { station, source }: Stream,
    @Query('token') token: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#viewers.asked(this.#open({ station, source }, request, reply));
    const inQuery = typeof token === 'string' && request.headers.authorization === undefined;
    const text = await this.#dvr.playlist(station, source, inQuery ? `?token=${token}` : '');
    served().inc({ what: 'playlist' });
    void reply.header('content-type', 'application/vnd.apple.mpegurl').header('vary', 'Origin, Accept-Encoding');
    if (acceptsGzip(request.headers['accept-encoding'])) {
      const packed = await compress(text, { level: 4 });
      void reply.header('content-encoding', 'gzip').send(packed);
      return;
    }
    void reply.send(text);
  }

  @Get(':station/:source/:file')
  async media(
    @Param() { station, source, file }: Stream & { file: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = this.#open({ station, source }, request, reply);
    const bytes = await this.#media(station, source, file);
    if (file.endsWith('.m4s')) this.#viewers.saw(asked);
    void reply.header('content-type', 'video/mp4').send(bytes);
  }

  @Options(['*'])
  preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    openTo(this.#settings.allowedOrigins, request, reply, exposed);
    void reply
      .status(204)
      .header('access-control-allow-methods', 'OPTIONS, GET, HEAD')
      .header('access-control-allow-headers', 'Authorization')
      .header('access-control-max-age', '600')
      .send();
  }

  async #media(station: string, source: string, file: string): Promise<Buffer> {
    const epoch = /^init-(\w+)\.mp4$/.exec(file)?.[1];
    if (epoch !== undefined && Ulid.safeParse(epoch).success) {
      served().inc({ what: 'init' });
      return asBuffer(await this.#dvr.header(station, source, epoch));
    }
    const sequence = Number(/^([1-9]\d{0,14})\.m4s$/.exec(file)?.[1]);
    if (Number.isSafeInteger(sequence)) {
      served().inc({ what: 'segment' });
      return asBuffer(await this.#dvr.segment(station, source, sequence));
    }
    throw new SmartBoxError({ code: 'unknown-segment', message: 'there is no such segment', fault: 'input' });
  }

  #open(stream: Stream, request: FastifyRequest, reply: FastifyReply): PastRequest {
    openTo(this.#settings.allowedOrigins, request, reply, exposed);
    const { stationId, sourceId } = oneSourceOf(stream);
    const who = this.#sessions.authorize(bearerOf(request), { stationId, sourceIds: [sourceId] });
    return { who, stationId, sourceId, from: `${request.ip} ${request.headers['user-agent'] ?? ''}` };
  }
}

const exposed = 'Retry-After, Content-Length, Date';

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** RFC 9110 section 12.5.3, as far as the browsers use it. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((coding) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}
