import { Controller, Inject } from '@nestjs/common';
import type { ProcedureView, RpcReply } from '@smartbox/contracts';
import { Messaging } from '@smartbox/messaging';
import { currentReach, reaches } from '../../application/access/asking.ts';
import { Feed } from '../../application/feed.ts';
import { Procedures } from '../../application/procedures.ts';
import { Worklist } from '../../application/worklist.ts';
import { unknownStation } from '../../application/procedures.ts';
import { localDay, todayIn } from '../../domain/local-day.ts';
import { ProcedureQueries } from '../../outbound/procedure-queries.ts';
import { StationStore } from '../../outbound/station-store.ts';
import { SETTINGS, type Settings } from '../../settings.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

@Controller('api/v1')
export class ProceduresController {
  readonly #procedures: Procedures;
  readonly #queries: ProcedureQueries;
  readonly #worklist: Worklist;
  readonly #stations: StationStore;
  readonly #feed: Feed;
  readonly #settings: Settings;
  readonly #messaging: Messaging;

  constructor(
    @Inject(Procedures) procedures: Procedures,
    @Inject(ProcedureQueries) queries: ProcedureQueries,
    @Inject(Worklist) worklist: Worklist,
    @Inject(StationStore) stations: StationStore,
    @Inject(Feed) feed: Feed,
    @Inject(SETTINGS) settings: Settings,
    @Inject(Messaging) messaging: Messaging,
  ) {
    this.#procedures = procedures;
    this.#queries = queries;
    this.#worklist = worklist;
    this.#stations = stations;
    this.#feed = feed;
    this.#settings = settings;
    this.#messaging = messaging;
  }

  @Op('listWorklist')
  listWorklist(@Input() { query }: InputOf<'listWorklist'>) {
    const { station: stationId, q } = query;
    const station = stationId === undefined ? undefined : this.#stations.find(stationId);
    if (stationId !== undefined && !(station && reaches(station.id))) throw unknownStation(stationId, this.#stations);
    const date = query.date?.replaceAll('-', '') ?? todayIn(this.#settings.timeZone, new Date());
    if (station !== undefined || currentReach() === 'everywhere') return this.#worklist.query({ station, date, q });
    return this.#worklist.ofStations(this.#reached(), { date, q });
  }

  @Op('searchWorklist')
  searchWorklist(@Input() { query }: InputOf<'searchWorklist'>) {
    const stations = currentReach() === 'everywhere' ? undefined : this.#reached();
    return this.#worklist.search(query, stations, todayIn(this.#settings.timeZone, new Date()));
  }

  #reached() {
    return this.#stations.all().filter(({ id }) => reaches(id));
  }

  @Op('listProcedures')
  async list(@Input() { query }: InputOf<'listProcedures'>): Promise<{ items: ProcedureView[] }> {
    const { station, date } = query;
    if (station !== undefined && !(this.#stations.find(station) && reaches(station)))
      throw unknownStation(station, this.#stations);
    const day = date === undefined ? undefined : localDay(date, this.#settings.timeZone);
    return { items: await this.#queries.list(currentReach(), station, day) };
  }

  @Op('startProcedure')
  async start(@Input() { body }: InputOf<'startProcedure'>): Promise<ProcedureView> {
    return this.#changed(await this.#procedures.start(body, who().actor));
  }

  @Op('getProcedure')
  get(@Input() { params }: InputOf<'getProcedure'>): Promise<ProcedureView> {
    return this.#view(params.procedureId);
  }

  @Op('getProcedureStep')
  async step(@Input() { params }: InputOf<'getProcedureStep'>): Promise<RpcReply<'pacs-gateway.get-procedure-step'>> {
    const { procedureId } = await this.#view(params.procedureId);
    return this.#messaging.call('pacs-gateway.get-procedure-step', { procedureId }, { timeoutMs: 3000 });
  }

  @Op('endProcedure')
  async end(@Input() { params }: InputOf<'endProcedure'>): Promise<ProcedureView> {
    await this.#procedures.end(params.procedureId, who().actor);
    return this.#changed(params.procedureId);
  }

  @Op('correctProcedure')
  async correct(@Input() { params, body }: InputOf<'correctProcedure'>): Promise<ProcedureView> {
    await this.#procedures.correct(params.procedureId, body, who().actor);
    return this.#changed(params.procedureId);
  }

  @Op('setConsent')
  async consent(@Input() { params, body }: InputOf<'setConsent'>): Promise<ProcedureView> {
    await this.#procedures.setConsent(params.procedureId, body, who().actor);
    this.#feed.clipsOf(params.procedureId);
    return this.#changed(params.procedureId);
  }

  #changed(procedureId: string): Promise<ProcedureView> {
    this.#feed.procedure(procedureId);
    return this.#view(procedureId);
  }

  async #view(procedureId: string): Promise<ProcedureView> {
    return found(await this.#queries.find(procedureId), 'procedure', procedureId);
  }
}
