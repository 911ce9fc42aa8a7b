import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { ClipView, CreateFilmStill, StillFormat } from '@smartbox/contracts';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clips } from '../../application/clips.ts';
import { Films } from '../../application/films.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { FilmStore } from '../../outbound/film-store.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { sendObject } from './send-object.ts';
import { who } from './who.ts';

/** Decoding from the keyframe before, and coding without loss, on a busy machine. */
const TAKE_MS = 30_000;

/** Single frames of stored films: as pictures, and as stills of their own. */
@Controller('api/v1')
export class FramesController {
  readonly #films: Films;
  readonly #clips: Clips;
  readonly #queries: ClipQueries;
  readonly #store: FilmStore;
  readonly #objects: ObjectStore;
  readonly #messaging: Messaging;

  constructor(
    @Inject(Films) films: Films,
    @Inject(Clips) clips: Clips,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(FilmStore) store: FilmStore,
    @Inject(ObjectStore) objects: ObjectStore,
    @Inject(Messaging) messaging: Messaging,
  ) {
    this.#films = films;
    this.#clips = clips;
    this.#queries = queries;
    this.#store = store;
    this.#objects = objects;
    this.#messaging = messaging;
  }

  @Op('getFrame')
  frame(
    @Input() { params, query }: InputOf<'getFrame'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { clipId, sourceId, frame } = params;
    return this.#send(clipId, { sourceId }, frame, query.format, request, reply);
  }

  @Op('getEditFrame')
  editFrame(
    @Input() { params, query }: InputOf<'getEditFrame'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { clipId, renditionId, frame } = params;
    return this.#send(clipId, { renditionId }, frame, query.format, request, reply);
  }

  @Op('createFilmStill')
  async still(@Input() { params, body }: InputOf<'createFilmStill'>): Promise<ClipView> {
    await this.#clips.stillOfFilm(await this.#films.frame(params.clipId, body.of, body.frame), body, who());
    return found(await this.#queries.find(body.clipId), 'clip', body.clipId);
  }

  async #send(
    clipId: string,
    film: CreateFilmStill['of'],
    frame: number,
    format: StillFormat,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { of } = await this.#films.frame(clipId, film, frame);
    const ask = { key: of.key, frame: of.frame, format };
    const made = await this.#messaging.call('transcoder.take-frame', ask, { timeoutMs: TAKE_MS });
    const extension = made.key.slice(made.key.lastIndexOf('.'));
    const fileName = `${clipId}-${of.sourceId}-frame-${frame}${extension}`;
    await this.#store.audit(clipId, { actor: who().actor, action: 'clip.frame.download', detail: { ...film, frame, format } }); // prettier-ignore
    await sendObject(this.#objects, { ...made, fileName }, request, reply);
  }
}
