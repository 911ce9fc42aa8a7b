import { Controller, Inject } from '@nestjs/common';
import type { AppConfig, ClipView, LiveGrant, Recipe, StationView } from '@smartbox/contracts';
import { inputError, signLiveToken } from '@smartbox/kernel';
import type { z } from 'zod';
import { Clips } from '../../application/clips.ts';
import { unknownStation } from '../../application/procedures.ts';
import { Stations } from '../../application/stations.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { StationStore } from '../../outbound/station-store.ts';
import { SETTINGS, type Settings } from '../../settings.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** Short: a link that leaks is soon worthless. An open stream outlives it. */
const LIVE_GRANT_SECONDS = 300;

@Controller('api/v1')
export class StationsController {
  readonly #stations: Stations;
  readonly #directory: StationStore;
  readonly #clips: Clips;
  readonly #queries: ClipQueries;
  readonly #settings: Settings;

  constructor(
    @Inject(Stations) stations: Stations,
    @Inject(StationStore) directory: StationStore,
    @Inject(Clips) clips: Clips,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#stations = stations;
    this.#directory = directory;
    this.#clips = clips;
    this.#queries = queries;
    this.#settings = settings;
  }

  @Op('getConfig')
  config(): AppConfig {
    const { version, streamingUrl, locale, timeZone, recipes } = this.#settings;
    return { version, liveUrl: streamingUrl, locale, timeZone, recipes: [...recipes] };
  }

  @Op('listRecipes')
  recipes(): { items: Recipe[] } {
    return { items: [...this.#settings.recipes] };
  }

  @Op('listStations')
  async list(): Promise<{ items: StationView[] }> {
    return { items: await this.#stations.all() };
  }

  @Op('getStation')
  async get(@Input() { params }: InputOf<'getStation'>): Promise<StationView> {
    return found(await this.#stations.find(params.stationId), 'station', params.stationId);
  }

  @Op('startRecording')
  async record(@Input() { params, body }: InputOf<'startRecording'>): Promise<ClipView> {
    await this.#clips.startRecording(params.stationId, body, who());
    return this.#clip(body.clipId);
  }

  @Op('stopRecording')
  async stop(@Input() { params }: InputOf<'stopRecording'>): Promise<ClipView> {
    return this.#clip(await this.#clips.stopRecording(params.stationId, who()));
  }

  @Op('captureStill')
  async still(@Input() { params, body }: InputOf<'captureStill'>): Promise<ClipView> {
    await this.#clips.still(params.stationId, body, who());
    return this.#clip(body.clipId);
  }

  @Op('setMarker')
  mark(@Input() { params, body }: InputOf<'setMarker'>) {
    return this.#clips.mark(params.stationId, body, who());
  }

  @Op('createLiveGrant')
  grant(@Input() { body }: InputOf<'createLiveGrant'>): z.infer<typeof LiveGrant> {
    const { stationId, sourceId } = body;
    const station = this.#directory.find(stationId);
    if (!station) throw unknownStation(stationId, this.#directory);
    if (!station.sources.some((source) => source.id === sourceId)) {
      const known = station.sources.map((source) => source.id).join(', ');
      throw inputError(
        'source-unknown',
        `station ${stationId} has no source ${JSON.stringify(sourceId)}; it has ${known}`,
      );
    }
    const exp = Math.floor(Date.now() / 1000) + LIVE_GRANT_SECONDS;
    return {
      whepUrl: `${this.#settings.streamingUrl}/whep/${stationId}/${sourceId}`,
      hlsUrl: `${this.#settings.streamingUrl}/hls/${stationId}/${sourceId}/index.m3u8`,
      token: signLiveToken({ stationId, sourceId, exp }, this.#settings.liveTokenSecret),
      expiresAt: new Date(exp * 1000).toISOString(),
    };
  }

  async #clip(clipId: string): Promise<ClipView> {
    return found(await this.#queries.find(clipId), 'clip', clipId);
  }
}
