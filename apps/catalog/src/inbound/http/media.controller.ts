import { Controller, Inject, Req, Res } from '@nestjs/common';
import { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { stillHere } from '../../domain/retention/removals.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { sendObject } from './send-object.ts';

/** Types that a browser may show; a rendition that says otherwise is saved, never run. */
const shown = /^(video\/mp4|image\/(jpeg|png|webp))$/;

@Controller('api/v1')
export class MediaController {
  readonly #queries: ClipQueries;
  readonly #store: ObjectStore;

  constructor(@Inject(ClipQueries) queries: ClipQueries, @Inject(ObjectStore) store: ObjectStore) {
    this.#queries = queries;
    this.#store = store;
  }

  @Op('getVideo')
  async video(
    @Input() { params }: InputOf<'getVideo'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = await this.#source(params);
    await this.#send({ ...row, contentType: 'video/mp4' }, request, reply);
  }

  @Op('getRendition')
  async rendition(
    @Input() { params }: InputOf<'getRendition'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { clipId, sourceId, name } = params;
    await this.#source(params);
    const row = found(await this.#queries.rendition(clipId, sourceId, name), 'rendition', name);
    const contentType = shown.test(row.contentType) ? row.contentType : 'application/octet-stream';
    await this.#send({ ...row, contentType }, request, reply);
  }

  @Op('getInstanceFile')
  async instance(
    @Input() { params }: InputOf<'getInstanceFile'>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const row = found(await this.#queries.instance(params.uid), 'instance', params.uid);
    stillHere(`object ${params.uid}`, row);
    const file = { contentType: 'application/dicom', fileName: `${row.sopInstanceUid}.dcm` };
    await this.#send({ ...row, ...file }, request, reply);
  }

  async #source({ clipId, sourceId }: { clipId: string; sourceId: string }) {
    const row = found(await this.#queries.source(clipId, sourceId), 'source', sourceId);
    stillHere(`source ${sourceId} of clip ${clipId}`, row);
    return row;
  }

  #send(
    row: { key: string; bytes: bigint; sha256: string; contentType: string; fileName?: string },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    return sendObject(this.#store, { ...row, bytes: Number(row.bytes) }, request, reply);
  }
}
