import { Controller, Inject } from '@nestjs/common';
import type {
  AppConfig,
  ClipView,
  ConfigFileView,
  DevicePicture,
  DevicesReply,
  LiveGrant,
  Recipe,
  SourceTest,
  StationConfig,
  StationSettings,
  StationView,
} from '@smartbox/contracts';
import { inputError, signLiveToken } from '@smartbox/kernel';
import type { z } from 'zod';
import { AccessLog } from '../../application/access/access-log.ts';
import { demand, reaches } from '../../application/access/asking.ts';
import { Clips } from '../../application/clips.ts';
import { unknownStation } from '../../application/procedures.ts';
import { Stations } from '../../application/stations.ts';
import { stationSettings } from '../../domain/station-settings.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { ConfigFiles } from '../../outbound/config-watch.ts';
import { StationStore } from '../../outbound/station-store.ts';
import { StreamingInstances } from '../../outbound/streaming-instances.ts';
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
  readonly #streaming: StreamingInstances;
  readonly #files: ConfigFiles;
  readonly #log: AccessLog;

  constructor(
    @Inject(Stations) stations: Stations,
    @Inject(StationStore) directory: StationStore,
    @Inject(Clips) clips: Clips,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(SETTINGS) settings: Settings,
    @Inject(StreamingInstances) streaming: StreamingInstances,
    @Inject(ConfigFiles) files: ConfigFiles,
    @Inject(AccessLog) log: AccessLog,
  ) {
    this.#stations = stations;
    this.#directory = directory;
    this.#clips = clips;
    this.#queries = queries;
    this.#settings = settings;
    this.#streaming = streaming;
    this.#files = files;
    this.#log = log;
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

  @Op('listStationSettings')
  settingsOfStations(): { items: StationSettings[] } {
    return { items: this.#directory.all().map(stationSettings) };
  }

  @Op('listConfigFiles')
  configFiles(): { items: ConfigFileView[] } {
    return { items: this.#files.list() };
  }

  @Op('listStations')
  async list(): Promise<{ items: StationView[] }> {
    return { items: (await this.#stations.all()).filter(({ stationId }) => reaches(stationId)) };
  }

  @Op('getStation')
  async get(@Input() { params }: InputOf<'getStation'>): Promise<StationView> {
    return found(await this.#stations.find(params.stationId), 'station', params.stationId);
  }

  @Op('testSource')
  test(@Input() { params }: InputOf<'testSource'>): Promise<SourceTest> {
    const { stationId, sourceId } = params;
    return this.#stations.test(this.#known(stationId), sourceId);
  }

  @Op('listStationDevices')
  devices(@Input() { params }: InputOf<'listStationDevices'>): Promise<DevicesReply> {
    return this.#stations.devices(this.#known(params.stationId));
  }

  @Op('takeDevicePicture')
  async picture(@Input() { params, body }: InputOf<'takeDevicePicture'>): Promise<DevicePicture> {
    const stationId = this.#known(params.stationId);
    const picture = await this.#stations.devicePicture(stationId, body);
    // whoever sees a camera may see the patient
    const procedureId = (await this.#stations.find(stationId))?.procedure?.procedureId;
    const place = { stationId, ...(procedureId === undefined ? {} : { procedureId }) };
    await this.#log.note(who().actor, 'device.look', stationId, { ...place, detail: { device: body.path } });
    return picture;
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
    const { stationId, sourceId, alongside = [], publish = false } = body;
    const station = this.#directory.find(stationId);
    if (!station) throw unknownStation(stationId, this.#directory);
    if (publish) demand('live.publish');
    const sourceIds = [...new Set([sourceId, ...alongside])];
    const kinds = sourceIds.map((id) => sourceOf(station, id).kind);
    if (publish && (kinds.length > 1 || kinds[0] !== 'whip')) {
      const what = kinds.length > 1 ? `${sourceIds.join(', ')}: one source` : `${sourceId} is of kind ${kinds[0]}`;
      throw inputError('source-not-publishable', `${what}: only a source of kind whip is sent to, one at a time`);
    }
    const exp = Math.floor(Date.now() / 1000) + LIVE_GRANT_SECONDS;
    const { liveTokenSecret } = this.#settings;
    const streamingUrl = this.#streaming.urlFor(stationId);
    const use = publish ? { use: 'publish' as const } : {};
    return {
      whepUrl: `${streamingUrl}/whep/${stationId}/${sourceIds.join('+')}`,
      hlsUrl: `${streamingUrl}/hls/${stationId}/${sourceId}/index.m3u8`,
      ...(publish ? { whipUrl: `${streamingUrl}/whip/${stationId}/${sourceId}` } : {}),
      token: signLiveToken({ stationId, sourceIds, exp, who: who().actor, ...use }, liveTokenSecret),
      expiresAt: new Date(exp * 1000).toISOString(),
    };
  }

  /** @throws SmartBoxError `station-unknown` for one that neither has a file nor was heard of. */
  #known(stationId: string): string {
    if (this.#stations.ids().includes(stationId)) return stationId;
    throw unknownStation(stationId, this.#directory);
  }

  async #clip(clipId: string): Promise<ClipView> {
    return found(await this.#queries.find(clipId), 'clip', clipId);
  }
}

function sourceOf({ id, sources }: StationConfig, sourceId: string): StationConfig['sources'][number] {
  const source = sources.find((one) => one.id === sourceId);
  if (source) return source;
  const known = sources.map((one) => one.id).join(', ');
  throw inputError('source-unknown', `station ${id} has no source ${JSON.stringify(sourceId)}; it has ${known}`);
}
