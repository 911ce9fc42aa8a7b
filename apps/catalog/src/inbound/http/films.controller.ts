import { Controller, Inject, Req, Res } from '@nestjs/common';
import { Redaction, type EditView, type PreviewQuery, type QualityReport } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Films } from '../../application/films.ts';
import { editView, qualityViews, reportOf } from '../../domain/film.ts';
import { removed, stillHere } from '../../domain/retention/removals.ts';
import { FilmStore } from '../../outbound/film-store.ts';
import { madeRowOf, rowOf } from './film-rows.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { sendObject } from './send-object.ts';
import { who } from './who.ts';

/** Decoding from the keyframe before, through slow filters, on a busy machine. */
const PREVIEW_MS = 30_000;

/** Edits, previews and quality of a clip. */
@Controller('api/v1')
export class FilmsController {
  readonly #films: Films;
  readonly #store: FilmStore;
  readonly #objects: ObjectStore;
  readonly #messaging: Messaging;

  constructor(
    @Inject(Films) films: Films,
    @Inject(FilmStore) store: FilmStore,
    @Inject(ObjectStore) objects: ObjectStore,
    @Inject(Messaging) messaging: Messaging,
  ) {
    this.#films = films;
    this.#store = store;
    this.#objects = objects;
    this.#messaging = messaging;
  }

  @Op('createEdit')
  createEdit(@Input() { params, body }: InputOf<'createEdit'>): Promise<EditView> {
    return this.#films.edit(params.clipId, body, who().actor);
  }

  @Op('listEdits')
  async listEdits(@Input() { params }: InputOf<'listEdits'>) {
    const [rows, facts] = await Promise.all([
      this.#store.ofClip(params.clipId, 'edit'),
      this.#store.facts(params.clipId),
    ]);
    return { items: rows.map((row) => editView(row, facts)) };
  }

  @Op('cancelEdit')
  async cancelEdit(@Input() { params }: InputOf<'cancelEdit'>): Promise<EditView> {
    await this.#films.cancel(await rowOf(this.#store, 'edit', params), who().actor);
    return editView(await rowOf(this.#store, 'edit', params), await this.#store.facts(params.clipId));
  }

  @Op('getEditVideo')
  async editVideo(
    @Input() { params }: InputOf<'getEditVideo'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { made } = await madeRowOf(this.#store, 'edit', params);
    await sendObject(this.#objects, made, request, reply);
  }

  @Op('getEditManifest')
  async editManifest(
    @Input() { params }: InputOf<'getEditManifest'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { made } = await madeRowOf(this.#store, 'edit', params);
    const key = found(made.cut?.manifestKey, 'manifest', params.renditionId);
    const { bytes } = await this.#objects.stat(key);
    // the manifest belongs to this very film: its hash names both
    const sha256 = `${made.sha256}-manifest`;
    await sendObject(this.#objects, { key, bytes, sha256, contentType: 'application/json' }, request, reply);
  }

  @Op('previewFrame')
  async preview(@Input() { params, query }: InputOf<'previewFrame'>, @Res() reply: FastifyReply): Promise<void> {
    const { clipId, sourceId } = params;
    const source = found((await this.#store.source(clipId, sourceId)) ?? undefined, 'source', sourceId);
    stillHere(`source ${sourceId} of clip ${clipId}`, source);
    if (query.frame >= source.frames)
      throw inputError(
        'bad-frame-range',
        `source ${sourceId} has the frames 0 to ${source.frames - 1}, not ${query.frame}`,
      );
    const ask = previewOf(source.key, query);
    const { jpeg, filters } = await this.#messaging.call('transcoder.preview-frame', ask, { timeoutMs: PREVIEW_MS });
    await reply
      .header('Content-Type', 'image/jpeg')
      .header('Cache-Control', 'private, max-age=300')
      .header('X-Filters', filters)
      .send(Buffer.from(jpeg, 'base64'));
  }

  @Op('listQuality')
  async quality(@Input() { params }: InputOf<'listQuality'>) {
    return { items: qualityViews(params.clipId, await this.#store.facts(params.clipId)) };
  }

  @Op('getQuality')
  async report(@Input() { params }: InputOf<'getQuality'>): Promise<QualityReport> {
    const report = found(
      reportOf(params.qualityId, await this.#store.facts(params.clipId)),
      'quality',
      params.qualityId,
    );
    const film = report.renditionId === undefined ? undefined : await this.#store.find(report.renditionId);
    if (film?.removed) throw removed(`the report on ${film.kind} ${film.renditionId}`, film.removed);
    const source = film ? null : await this.#store.source(params.clipId, report.origin.sourceId);
    if (source) stillHere(`the report on source ${source.sourceId}`, source);
    return (await this.#objects.getJson(report.reportKey)) as QualityReport;
  }
}

function previewOf(key: string, query: PreviewQuery) {
  const { frame, width, recipe, redactions, ...settings } = query;
  const parameters = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const enhanced = recipe !== undefined || Object.keys(parameters).length > 0;
  return {
    key,
    frame,
    redactions: redactions === undefined ? [] : hidden(redactions),
    ...(width === undefined ? {} : { width }),
    ...(enhanced ? { enhance: { recipe: recipe ?? ('default' as const), parameters } } : {}),
  };
}

function hidden(text: string): z.infer<typeof Redaction>[] {
  try {
    return z.array(Redaction).max(50).parse(JSON.parse(text));
  } catch {
    throw inputError('invalid-request', `redactions has to be a JSON array of redactions, got ${text.slice(0, 80)}`);
  }
}
