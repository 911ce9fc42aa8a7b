import { Controller, Inject } from '@nestjs/common';
import type { ProcedureView } from '@smartbox/contracts';
import { Feed } from '../../application/feed.ts';
import { Procedures } from '../../application/procedures.ts';
import { Worklist } from '../../application/worklist.ts';
import { unknownStation } from '../../application/procedures.ts';
import { todayIn } from '../../domain/local-day.ts';
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

  constructor(
    @Inject(Procedures) procedures: Procedures,
    @Inject(ProcedureQueries) queries: ProcedureQueries,
    @Inject(Worklist) worklist: Worklist,
    @Inject(StationStore) stations: StationStore,
    @Inject(Feed) feed: Feed,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#procedures = procedures;
    this.#queries = queries;
    this.#worklist = worklist;
    this.#stations = stations;
    this.#feed = feed;
    this.#settings = settings;
  }

  @Op('listWorklist')
  listWorklist(@Input() { query }: InputOf<'listWorklist'>) {
    const { station: stationId, q } = query;
    const station = stationId === undefined ? undefined : this.#stations.find(stationId);
    if (stationId !== undefined && !station) throw unknownStation(stationId, this.#stations);
    const date = query.date?.replaceAll('-', '') ?? todayIn(this.#settings.timeZone, new Date());
    return this.#worklist.query({ station, date, q });
  }

  @Op('startProcedure')
  async start(@Input() { body }: InputOf<'startProcedure'>): Promise<ProcedureView> {
    return this.#changed(await this.#procedures.start(body, who().actor));
  }

  @Op('getProcedure')
  get(@Input() { params }: InputOf<'getProcedure'>): Promise<ProcedureView> {
    return this.#view(params.procedureId);
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

  #changed(procedureId: string): Promise<ProcedureView> {
    this.#feed.procedure(procedureId);
    return this.#view(procedureId);
  }

  async #view(procedureId: string): Promise<ProcedureView> {
    return found(await this.#queries.find(procedureId), 'procedure', procedureId);
  }
}
