import { posix } from 'node:path';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { ExportView, SegmentFile, TargetView } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Films } from '../../application/films.ts';
import { SendExports } from '../../application/send-exports.ts';
import { exportView, fileNameOf } from '../../domain/film.ts';
import { FilmStore } from '../../outbound/film-store.ts';
import { madeRowOf, rowOf } from './film-rows.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { sendObject } from './send-object.ts';
import { who } from './who.ts';

const TARGETS_MS = 10_000;
/** Lists of files of the films that are being played: they never change. */
const LISTS = 32;

/** Exports of a clip: made, saved, played, archived, copied. */
@Controller('api/v1')
export class ExportsController {
  readonly #films: Films;
  readonly #sent: SendExports;
  readonly #store: FilmStore;
  readonly #objects: ObjectStore;
  readonly #messaging: Messaging;
  readonly #lists = new Map<string, readonly SegmentFile[]>();

  constructor(
    @Inject(Films) films: Films,
    @Inject(SendExports) sent: SendExports,
    @Inject(FilmStore) store: FilmStore,
    @Inject(ObjectStore) objects: ObjectStore,
    @Inject(Messaging) messaging: Messaging,
  ) {
    this.#films = films;
    this.#sent = sent;
    this.#store = store;
    this.#objects = objects;
    this.#messaging = messaging;
  }

  @Op('createExport')
  async createExport(@Input() { params, body }: InputOf<'createExport'>) {
    return { items: await this.#films.export(params.clipId, body, who().actor) };
  }

  @Op('listExports')
  async listExports(@Input() { params }: InputOf<'listExports'>) {
    const [rows, facts] = await Promise.all([
      this.#store.ofClip(params.clipId, 'export'),
      this.#store.facts(params.clipId),
    ]);
    return { items: rows.map((row) => exportView(row, facts)) };
  }

  @Op('cancelExport')
  async cancelExport(@Input() { params }: InputOf<'cancelExport'>): Promise<ExportView> {
    await this.#films.cancel(await rowOf(this.#store, 'export', params), who().actor);
    return exportView(await rowOf(this.#store, 'export', params), await this.#store.facts(params.clipId));
  }

  @Op('getExportFile')
  async exportFile(
    @Input() { params }: InputOf<'getExportFile'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { row, made } = await madeRowOf(this.#store, 'export', params);
    await this.#films.handOut(row);
    const detail = { renditionId: row.renditionId, profile: row.profile };
    // a download that goes on is the same download
    if (request.headers.range === undefined || /^bytes=0-/.test(request.headers.range))
      await this.#store.audit(row.clipId, { actor: who().actor, action: 'clip.export.download', detail });
    await sendObject(this.#objects, { ...made, fileName: fileNameOf(row, made.key) }, request, reply);
  }

  @Op('playExport')
  async play(
    @Input() { params }: InputOf<'playExport'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { clipId, renditionId, playlist } = params;
    await this.#segment(params, playlist, request, reply, () =>
      this.#store.audit(clipId, { actor: who().actor, action: 'clip.export.play', detail: { renditionId } }),
    );
  }

  @Op('getSegment')
  async segment(
    @Input() { params }: InputOf<'getSegment'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#segment(params, `${params.variant}/${params.file}`, request, reply);
  }

  @Op('archiveExport')
  async archive(@Input() { params, body }: InputOf<'archiveExport'>): Promise<ExportView> {
    const row = await rowOf(this.#store, 'export', params);
    await this.#films.handOut(row, body.destinations);
    return this.#sent.archive(row, body.destinations, who().actor);
  }

  @Op('listTargets')
  async targets(@Input() { query }: InputOf<'listTargets'>): Promise<{ items: TargetView[] }> {
    const { targets } = await this.#messaging.call('transcoder.list-targets', {}, { timeoutMs: TARGETS_MS });
    const { stationId } = query;
    const isOffered = ({ stations }: TargetView) => !stationId || !stations || stations.includes(stationId);
    return { items: targets.filter(isOffered) };
  }

  /** What is known of the target is said before anything is begun. */
  @Op('createCopy')
  async copy(@Input() { params, body }: InputOf<'createCopy'>): Promise<ExportView> {
    const { row, made } = await madeRowOf(this.#store, 'export', params);
    await this.#films.handOut(row);
    const { targets } = await this.#messaging.call('transcoder.list-targets', {}, { timeoutMs: TARGETS_MS });
    const target = found(targets.find(({ name }) => name === body.target), 'target', body.target); // prettier-ignore
    if (target.state !== 'ready') throw notNow(`target-${target.state}`, target.reason ?? `${target.title} is not there`); // prettier-ignore
    if ((target.freeBytes ?? 0) < made.bytes)
      throw notNow('target-full', `${target.title} has ${target.freeBytes} bytes left, the film takes ${made.bytes}`);
    return this.#sent.copy(row, body, who().actor);
  }

  @Op('cancelCopy')
  async cancelCopy(@Input() { params }: InputOf<'cancelCopy'>): Promise<ExportView> {
    return this.#sent.cancelCopy(await rowOf(this.#store, 'export', params), params.copyId, who().actor);
  }

  async #segment(
    address: { clipId: string; renditionId: string },
    path: string,
    request: FastifyRequest,
    reply: FastifyReply,
    before: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { row, made } = await madeRowOf(this.#store, 'export', address);
    await this.#films.handOut(row);
    const listKey = found(made.segments?.listKey, 'playlist', address.renditionId);
    const file = found((await this.#files(listKey)).find((each) => each.path === path), 'segment', path); // prettier-ignore
    await before();
    await sendObject(this.#objects, { ...file, key: posix.join(posix.dirname(listKey), path) }, request, reply);
  }

  async #files(listKey: string): Promise<readonly SegmentFile[]> {
    const known = this.#lists.get(listKey);
    const files = known ?? ((await this.#objects.getJson(listKey)) as SegmentFile[]);
    this.#lists.delete(listKey);
    this.#lists.set(listKey, files);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > LISTS && oldest !== undefined) this.#lists.delete(oldest);
    return files;
  }
}

const notNow = (code: string, message: string) => new SmartBoxError({ code, message, fault: 'input' });
