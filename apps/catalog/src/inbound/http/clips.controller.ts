import { Controller, Inject, Res } from '@nestjs/common';
import type { ClipDetail, ClipView } from '@smartbox/contracts';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Clips } from '../../application/clips.ts';
import { csvOf } from '../../domain/csv.ts';
import { localDay } from '../../domain/local-day.ts';
import { ClipQueries, type ClipFilter } from '../../outbound/clip-queries.ts';
import { SETTINGS, type Settings } from '../../settings.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

@Controller('api/v1')
export class ClipsController {
  readonly #clips: Clips;
  readonly #queries: ClipQueries;
  readonly #settings: Settings;

  constructor(
    @Inject(Clips) clips: Clips,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#clips = clips;
    this.#queries = queries;
    this.#settings = settings;
  }

  @Op('createClip')
  async create(@Input() { body }: InputOf<'createClip'>): Promise<ClipView> {
    await this.#clips.save(body, who());
    return this.#view(body.clipId);
  }

  @Op('listClips')
  list(@Input() { query }: InputOf<'listClips'>) {
    const { sort, limit, cursor } = query;
    return this.#queries.list(this.#filter(query), { sort, limit, cursor });
  }

  @Op('exportClips')
  async export(@Input() { query }: InputOf<'exportClips'>, @Res() reply: FastifyReply): Promise<void> {
    const name = `clips-${new Date().toISOString().slice(0, 10)}.csv`;
    void reply
      .header('Content-Type', 'text/csv; charset=utf-8')
      .header('Content-Disposition', `attachment; filename="${name}"`);
    await reply.send(Readable.from(csvOf(this.#queries.each(this.#filter(query))), { encoding: 'utf8' }));
  }

  @Op('getClip')
  async get(@Input() { params }: InputOf<'getClip'>): Promise<ClipDetail> {
    return found(await this.#queries.detail(params.clipId), 'clip', params.clipId);
  }

  @Op('patchClip')
  async patch(@Input() { params, body }: InputOf<'patchClip'>): Promise<ClipView> {
    await this.#view(params.clipId);
    await this.#clips.annotate(params.clipId, body, who());
    return this.#view(params.clipId);
  }

  @Op('undoClip')
  async undo(@Input() { params }: InputOf<'undoClip'>): Promise<void> {
    await this.#clips.undo(await this.#view(params.clipId), who());
  }

  @Op('retryClip')
  async retry(@Input() { params }: InputOf<'retryClip'>): Promise<ClipView> {
    const clip = await this.#view(params.clipId);
    await this.#clips.retry(params.clipId, who());
    return clip;
  }

  #filter(
    query: Omit<ClipFilter, 'from' | 'to'> & {
      date?: string | undefined;
      from?: string | undefined;
      to?: string | undefined;
    },
  ): ClipFilter {
    const { date, from, to, ...rest } = query;
    const day = date === undefined ? undefined : localDay(date, this.#settings.timeZone);
    return {
      ...rest,
      from: from === undefined ? day?.from : new Date(from),
      to: to === undefined ? day?.to : new Date(to),
    };
  }

  async #view(clipId: string): Promise<ClipView> {
    return found(await this.#queries.find(clipId), 'clip', clipId);
  }
}
