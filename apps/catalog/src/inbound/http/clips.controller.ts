import { Controller, Inject, Res } from '@nestjs/common';
import type { ClipDetail, ClipView } from '@smartbox/contracts';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { currentCaller, currentPatientReach, currentReach, demand } from '../../application/access/asking.ts';
import { Clips } from '../../application/clips.ts';
import { ReassignClip } from '../../application/reassign-clip.ts';
import { withoutPatients } from '../../domain/access/patient-fields.ts';
import { csvOf } from '../../domain/csv.ts';
import { localDay } from '../../domain/local-day.ts';
import type { ClipFilter } from '../../outbound/clip-filter.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { SETTINGS, type Settings } from '../../settings.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** The panel of a room is in it; another system never is; of a person the screen says where it stands. */
function isElsewhere(pressedAt: 'room' | 'desk' | undefined): boolean {
  const { kind } = currentCaller();
  return kind === 'token' || (kind !== 'panel' && pressedAt === 'desk');
}

@Controller('api/v1')
export class ClipsController {
  readonly #clips: Clips;
  readonly #queries: ClipQueries;
  readonly #settings: Settings;
  readonly #reassign: ReassignClip;

  constructor(
    @Inject(Clips) clips: Clips,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(SETTINGS) settings: Settings,
    @Inject(ReassignClip) reassign: ReassignClip,
  ) {
    this.#clips = clips;
    this.#queries = queries;
    this.#settings = settings;
    this.#reassign = reassign;
  }

  @Op('createClip')
  async create(@Input() { body }: InputOf<'createClip'>): Promise<ClipView> {
    if (isElsewhere(body.pressedAt)) demand('clip.save-remote');
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
    const patients = currentPatientReach();
    const clips = this.#queries.each(this.#filter(query));
    const lines = csvOf(clips, (clip) => withoutPatients(clip, patients));
    await reply.send(Readable.from(lines, { encoding: 'utf8' }));
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

  @Op('reassignClip')
  async reassign(@Input() { params, body }: InputOf<'reassignClip'>): Promise<ClipView> {
    await this.#view(params.clipId);
    await this.#reassign.run(params.clipId, body, who().actor);
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
    query: Omit<ClipFilter, 'from' | 'to' | 'reach'> & {
      date?: string | undefined;
      from?: string | undefined;
      to?: string | undefined;
    },
  ): ClipFilter {
    const { date, from, to, ...rest } = query;
    // Who finds a clip by the name of a patient knows whose it is.
    if ((rest.patient ?? rest.accession ?? rest.q) !== undefined) demand('patient.read');
    const day = date === undefined ? undefined : localDay(date, this.#settings.timeZone);
    return {
      ...rest,
      reach: currentReach(),
      from: from === undefined ? day?.from : new Date(from),
      to: to === undefined ? day?.to : new Date(to),
    };
  }

  async #view(clipId: string): Promise<ClipView> {
    return found(await this.#queries.find(clipId), 'clip', clipId);
  }
}
