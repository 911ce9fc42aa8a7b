import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Inject,
  MethodNotAllowedException,
  NotAcceptableException,
  NotFoundException,
  Post,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { dicomJson, type ByteSource, type DicomJson } from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentPatientReach } from '../../../application/access/asking.ts';
import { parseRange } from '../../../domain/byte-range.ts';
import { removed } from '../../../domain/retention/removals.ts';
import { ClipQueries } from '../../../outbound/clip-queries.ts';
import { InstanceSearch, type InstanceRow } from '../../../outbound/dicomweb/instance-search.ts';
import { ObjectReader, slice, type Payload } from '../../../outbound/dicomweb/object-reader.ts';
import { Needs } from '../access/needs.decorator.ts';
import { found } from '../not-found.ts';
import { sendBytes, sendObject } from '../send-object.ts';
import { AccessAudit } from './access-audit.ts';
import { accepted, addressOf, jsonOffers, uidsOf } from './addresses.ts';
import { inTurn } from './in-turn.ts';
import { sendMultipart, type Part } from './multipart.ts';

const INSTANCE = 'studies/:study/series/:series/instances/:instance';
const LEVELS = ['studies/:study', 'studies/:study/series/:series', INSTANCE];
const PIXEL_DATA = '7FE00010';
const never = new AbortController().signal;

interface Frame {
  /** From 1. */
  number: number;
  bytes: ByteSource;
}

/** WADO-RS, PS3.18 section 10.4. */
@Controller('dicomweb')
@UseInterceptors(AccessAudit)
@Needs({ needs: ['clip.read', 'patient.read'] })
export class WadoController {
  readonly #search: InstanceSearch;
  readonly #objects: ObjectReader;
  readonly #clips: ClipQueries;
  readonly #store: ObjectStore;

  constructor(
    @Inject(InstanceSearch) search: InstanceSearch,
    @Inject(ObjectReader) objects: ObjectReader,
    @Inject(ClipQueries) clips: ClipQueries,
    @Inject(ObjectStore) store: ObjectStore,
  ) {
    this.#search = search;
    this.#objects = objects;
    this.#clips = clips;
    this.#store = store;
  }

  /** Part 10 objects as they are stored: nothing is transcoded here (PS3.18 section 8.7.3.5). */
  @Get(LEVELS)
  async retrieve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const rows = await this.#rows(request);
    const isOne = uidsOf(request.params).instance !== undefined;
    const offers = [{ media: 'application/dicom', single: isOne, multipart: true }];
    const { multipart, transferSyntax } = accepted(request, offers);
    const fitting = rows.filter((row) => transferSyntax === undefined || row.transferSyntaxUid === transferSyntax);
    const [first] = fitting;
    if (!first) {
      const known = [...new Set(rows.map((row) => row.transferSyntaxUid))].join(', ');
      throw new NotAcceptableException(`there is ${known} here, not ${JSON.stringify(transferSyntax)}`);
    }
    if (!multipart) return sendObject(this.#store, { ...first, contentType: 'application/dicom' }, request, reply);
    const parts = fitting.map((row) => ({
      contentType: `application/dicom; transfer-syntax=${row.transferSyntaxUid}`,
      bytes: row.bytes,
      location: addressOf(request, pathOf(row)),
      open: (signal: AbortSignal) => this.#objects.whole(row, signal),
    }));
    // 206: some could not be had in that transfer syntax (PS3.18 table 10.4.3-1).
    sendMultipart(reply, 'application/dicom', parts, fitting.length === rows.length ? 200 : 206);
  }

  @Get(LEVELS.map((path) => `${path}/metadata`))
  async metadata(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { media } = accepted(request, jsonOffers);
    const all = await inTurn(await this.#rows(request), (row) => this.#metadataOf(row, request));
    await reply.header('Content-Type', media).header('Cache-Control', 'no-store').send(JSON.stringify(all));
  }

  /** Any frame of a video is the whole stream: nothing less decodes (PS3.18 section 8.7.3.3). */
  @Get(`${INSTANCE}/frames/:frames`)
  async frames(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [row, payload] = await this.#payload(request);
    const { media, multipart } = accepted(request, [
      { media: payload.contentType, single: true, multipart: true },
      { media: 'application/octet-stream', single: true, multipart: true },
    ]);
    const frames = await this.#frames(row, request);
    const [only] = frames;
    if (!multipart && only && frames.length === 1) return this.#sendPayload(row, only.bytes, media, request, reply);
    const parts = partsOf(request, row, frames, `${media}; transfer-syntax=${row.transferSyntaxUid}`);
    sendMultipart(reply, media, parts);
  }

  /** Pixel Data without its encapsulation; any other value is in the metadata. */
  @Get(`${INSTANCE}/bulkdata/:tag`)
  async bulkData(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { tag } = request.params as { tag: string };
    if (tag.toUpperCase() !== PIXEL_DATA) throw new NotFoundException(`there is bulk data of ${PIXEL_DATA} only`);
    const [row, { bytes, contentType }] = await this.#payload(request);
    const { media, multipart } = accepted(request, [
      { media: contentType, single: true, multipart: true },
      { media: 'application/octet-stream', single: true, multipart: true },
    ]);
    const { range: asked, accept = '' } = request.headers;
    const range = parseRange(asked, bytes.size);
    // whoever takes anything gets a part of it plain, as a player wants it; whoever named multipart gets that
    const isPlain = !multipart || (asked !== undefined && !/multipart\//i.test(accept));
    if (isPlain || range === 'unsatisfiable') return this.#sendPayload(row, bytes, media, request, reply);
    const { first, last } = range === 'all' ? { first: 0, last: bytes.size - 1 } : range;
    const location = `${addressOf(request, pathOf(row))}/bulkdata/${PIXEL_DATA}`;
    const part = {
      contentType: media,
      bytes: last - first + 1,
      location,
      open: () => slice(bytes, first, last - first + 1),
      ...(range === 'all' ? {} : { range: `bytes ${first}-${last}/${bytes.size}` }),
    };
    sendMultipart(reply, media, [part], range === 'all' ? 200 : 206);
  }

  /**
   * What a browser shows: the video with ranges, or the picture, of many coded one by one the first (PS3.18 section
   * 8.7.4). Nothing is burned in, nothing is scaled.
   */
  @Get([`${INSTANCE}/rendered`, `${INSTANCE}/frames/:frames/rendered`])
  async rendered(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [row, payload] = await this.#payload(request);
    const { contentType } = payload;
    if ('frames' in uidsOf(request.params)) return this.#renderedFrames(row, contentType, request, reply);
    const poster = await this.#poster(row);
    const shown = /^(video\/mp4|image\/jpeg)$/.test(contentType) ? [contentType] : [];
    const offers = [...shown, ...(poster ? [poster.contentType] : [])].map((media) => {
      return { media, single: true, multipart: false };
    });
    const { media } = accepted(request, offers);
    if (media !== contentType) return this.#sendPoster(row, request, reply);
    return this.#sendPayload(row, await this.#shown(row, payload), media, request, reply);
  }

  /** A small picture of the newest object, PS3.18 section 10.4.1.1.5. */
  @Get([...LEVELS, `${INSTANCE}/frames/:frames`].map((path) => `${path}/thumbnail`))
  async thumbnail(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const rows = await this.#rows(request);
    const row = rows.at(-1);
    if (!row) throw new NotFoundException('there is no object');
    if (await this.#poster(row)) return this.#sendPoster(row, request, reply);
    const payload = await this.#objects.payload(row, never);
    const { contentType } = payload;
    if (contentType !== 'image/jpeg') throw new NotFoundException('there is no picture of this object');
    return this.#sendPayload(row, await this.#shown(row, payload), contentType, request, reply);
  }

  @Post(['studies', 'studies/:study'])
  store(): never {
    throw new MethodNotAllowedException('objects come from the rooms: this service stores none that are sent to it');
  }

  @Get('*')
  nothing(@Req() request: FastifyRequest): never {
    throw new NotFoundException(`there is no ${request.method} ${request.url.split('?')[0]}`);
  }

  async #rows(request: FastifyRequest): Promise<InstanceRow[]> {
    const { study, series, instance } = uidsOf(request.params);
    const rows = await this.#search.objects(currentPatientReach(), study, series, instance);
    const [what, uid] =
      instance !== undefined ? ['instance', instance] : series !== undefined ? ['series', series] : ['study', study];
    if (!rows[0]) {
      // PS3.18 table 8.5-1: 410, it did exist
      const at = await this.#search.removedAt(study, series, instance);
      if (at) throw removed(`${what} ${uid}`, { at, rule: null });
    }
    found(rows[0], what, uid);
    return rows;
  }

  async #payload(request: FastifyRequest): Promise<[InstanceRow, Payload]> {
    const [row] = await this.#rows(request);
    if (!row) throw new NotFoundException('there is no object');
    return [row, await this.#objects.payload(row, never)];
  }

  /** The frames of the list in the path, in its order; those with the same bytes once, as all of a video's are. */
  async #frames(row: InstanceRow, request: FastifyRequest): Promise<Frame[]> {
    const frames = await this.#objects.frames(row, never);
    const { frames: list } = request.params as { frames: string };
    const chosen = list.split(',').map((text) => {
      const frame = /^\d+$/.test(text) ? frames[Number(text) - 1] : undefined;
      if (frame) return frame;
      throw inputError(
        'frame-not-found',
        `frame ${JSON.stringify(text.slice(0, 20))}: there are 1 to ${frames.length}`,
      );
    });
    return [...new Set(chosen)].map((bytes) => ({ number: frames.indexOf(bytes) + 1, bytes }));
  }

  /** The video, or the first of its pictures: several JPEGs after one another are none. */
  async #shown(row: InstanceRow, { bytes, contentType }: Payload): Promise<ByteSource> {
    return contentType === 'image/jpeg' ? ((await this.#objects.frames(row, never))[0] ?? bytes) : bytes;
  }

  /** The pictures asked for, where each is a JPEG of its own; several come in `multipart/related`, whoever asks. */
  async #renderedFrames(
    row: InstanceRow,
    contentType: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const frames = await this.#frames(row, request);
    if (contentType !== 'image/jpeg')
      throw new NotAcceptableException(
        `no single frame of ${contentType} is decoded here: /rendered without /frames is what a browser shows`,
      );
    const { media, multipart } = accepted(request, [
      { media: contentType, single: true, multipart: false },
      { media: contentType, single: false, multipart: true },
    ]);
    const [only] = frames;
    if (!multipart && only && frames.length === 1) return this.#sendPayload(row, only.bytes, media, request, reply);
    sendMultipart(reply, media, partsOf(request, row, frames, media, '/rendered'));
  }

  async #metadataOf(row: InstanceRow, request: FastifyRequest): Promise<DicomJson> {
    const { dataset, pixelData } = await this.#objects.head(row);
    // Available Transfer Syntax UID, which is not of the object: viewers tell by it that something is a video
    const json = { ...dicomJson(dataset), '00083002': { vr: 'UI', Value: [row.transferSyntaxUid] } };
    if (!pixelData) return json;
    const uri = `${addressOf(request, pathOf(row))}/bulkdata/${PIXEL_DATA}`;
    return { ...json, [PIXEL_DATA]: { vr: pixelData.vr, BulkDataURI: uri } };
  }

  #sendPayload(
    row: InstanceRow,
    payload: ByteSource,
    contentType: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const object = { bytes: payload.size, sha256: row.payloadSha256, contentType };
    const open = async (first: number, length: number) =>
      Readable.from(slice(payload, first, length), { objectMode: false });
    return sendBytes(open, object, request, reply);
  }

  async #poster({ clipId, sourceId }: InstanceRow) {
    const row = await this.#clips.rendition(clipId, sourceId, 'poster');
    return row && /^image\/(jpeg|png)$/.test(row.contentType) ? { ...row, bytes: Number(row.bytes) } : undefined;
  }

  async #sendPoster(row: InstanceRow, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const poster = found(await this.#poster(row), 'poster', row.sopInstanceUid);
    return sendObject(this.#store, poster, request, reply);
  }
}

function partsOf(request: FastifyRequest, row: InstanceRow, frames: Frame[], contentType: string, below = ''): Part[] {
  const location = addressOf(request, pathOf(row));
  return frames.map(({ number, bytes }) => ({
    contentType,
    bytes: bytes.size,
    location: `${location}/frames/${number}${below}`,
    open: () => slice(bytes, 0, bytes.size),
  }));
}

const pathOf = ({ studyInstanceUid, seriesInstanceUid, sopInstanceUid }: InstanceRow) => ({
  study: studyInstanceUid,
  series: seriesInstanceUid,
  instance: sopInstanceUid,
});
