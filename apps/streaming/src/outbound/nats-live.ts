import { buckets, liveSubject, StationPresence } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { counter } from '@smartbox/telemetry';
import type { LiveSource, Presence, SourceFacts } from '../application/ports.ts';

/** The edge allows one forced keyframe per 200 ms; asking more often only makes noise. */
const KEYFRAME_INTERVAL_MS = 200;

export class NatsLive implements LiveSource {
  readonly #messaging: Messaging;
  readonly #asked = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #stations: Promise<KvStore<StationPresence>> | undefined;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  subscribe(stationId: string, sourceId: string, take: (bytes: Uint8Array) => void): () => void {
    return this.#messaging.subscribeLive(liveSubject(stationId, sourceId), take);
  }

  requestKeyframe(stationId: string, sourceId: string): void {
    const key = `${stationId}.${sourceId}`;
    if (this.#waiting.has(key)) return;
    const since = performance.now() - (this.#asked.get(key) ?? -Infinity);
    // A wish within the interval is not lost: a viewer who came just after another needs a keyframe of its own.
    const wait = Math.max(0, KEYFRAME_INTERVAL_MS - since);
    this.#waiting.add(key);
    setTimeout(() => {
      this.#waiting.delete(key);
      this.#asked.set(key, performance.now());
      counter('smartbox_live_keyframe_requests_total', 'Keyframes asked of the edge').inc();
      this.#messaging
        .call('capture-edge.idr', { stationId, sources: [sourceId] }, { station: stationId, timeoutMs: 1000 })
        .catch(() => undefined);
    }, wait);
  }

  async facts(stationId: string, sourceId: string): Promise<SourceFacts> {
    const only = (presence: Presence) => ({ presence, profileLevelId: undefined });
    try {
      const entry = await (await this.#store()).get(stationId);
      if (!entry) return only('unknown-station');
      const source = entry.value.sources.find((one) => one.sourceId === sourceId);
      if (!source) return only('unknown-source');
      // RFC 6381: avc1.PPCCLL
      const profileLevelId = /^avc1\.([0-9a-f]{6})$/i.exec(source.codec ?? '')?.[1];
      return { presence: 'present', profileLevelId: source.state === 'live' ? profileLevelId : undefined };
    } catch {
      // The picture itself decides when the station's own words cannot be read.
      return only('not-known');
    }
  }

  #store(): Promise<KvStore<StationPresence>> {
    this.#stations ??= this.#messaging
      .kv(buckets.stations.name, StationPresence, { history: buckets.stations.history })
      .catch((error: unknown) => {
        this.#stations = undefined;
        throw error;
      });
    return this.#stations;
  }
}
