import type { EventData, EventName } from '@smartbox/contracts';

export interface AlarmRow {
  code: string;
  stationId: string | null;
  sourceId: string | null;
  reason: string;
}

type Read<N extends EventName> = (data: EventData<N>) => AlarmRow | undefined;
const troubled = new Set(['no-signal', 'frozen', 'offline']);

const readers: { [N in EventName]?: Read<N> } = {
  'capture-edge.source.state-changed': ({ stationId, sourceId, state, previous, reason }) => {
    if (troubled.has(state)) return { code: `source-${state}`, stationId, sourceId, reason: reason ?? state };
    if (previous !== undefined && troubled.has(previous) && state === 'live') {
      return { code: 'source-back', stationId, sourceId, reason: reason ?? `live again after ${previous}` };
    }
    return undefined;
  },
  'capture-edge.ring.gap-recorded': ({ stationId, sourceId, reason, durationMs }) => ({
    code: 'ring-gap',
    stationId,
    sourceId,
    reason: `${Math.round(durationMs)} ms were lost: ${reason}`,
  }),
  'capture-edge.broker.lost': ({ stationId, spooledFragments }) => ({
    code: 'broker-lost',
    stationId,
    sourceId: null,
    reason: `the station keeps ${spooledFragments} fragments until the broker is back`,
  }),
  'capture-edge.broker.regained': ({ stationId }) => ({
    code: 'broker-back',
    stationId,
    sourceId: null,
    reason: 'the broker takes fragments again',
  }),
  'buffer.clip.failed': ({ stationId, code, reason }) => ({ code, stationId, sourceId: null, reason }),
  'pacs-gateway.delivery.failed': ({ origin, destination, reason }) => ({
    code: 'delivery-failed',
    stationId: null,
    sourceId: origin.sourceId,
    reason: `${destination}: ${reason}`,
  }),
};

/** What a person should be told at once about an event; undefined for what is only progress. */
export function alarmOf(name: EventName, data: unknown): AlarmRow | undefined {
  return (readers[name] as Read<EventName> | undefined)?.(data as EventData<EventName>);
}
