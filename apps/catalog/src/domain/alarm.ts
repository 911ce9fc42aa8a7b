import type { AlarmCode, EventData, EventName } from '@smartbox/contracts';

export interface AlarmRow {
  code: string;
  stationId: string | null;
  sourceId: string | null;
  reason: string;
}

/** Good news, and which troubles of the same place it ends. */
const endings = {
  'source-back': ['source-no-signal', 'source-frozen', 'source-offline'],
  'broker-back': ['broker-lost'],
  'audit-caught-up': ['audit-behind'],
} as const satisfies Record<string, readonly AlarmCode[]>;

type Told = AlarmRow & { code: AlarmCode | keyof typeof endings };
type Read<N extends EventName> = (data: EventData<N>) => Told | undefined;
const isTroubled = (state: string | undefined): state is 'no-signal' | 'frozen' | 'offline' =>
  state === 'no-signal' || state === 'frozen' || state === 'offline';

const readers: { [N in EventName]?: Read<N> } = {
  'capture-edge.source.state-changed': ({ stationId, sourceId, state, previous, reason }) => {
    if (isTroubled(state)) return { code: `source-${state}`, stationId, sourceId, reason: reason ?? state };
    if (isTroubled(previous) && state === 'live') {
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
  'buffer.clip.failed': ({ stationId, reason }) => ({ code: 'clip-failed', stationId, sourceId: null, reason }),
  'pacs-gateway.instance.commitment-failed': ({ origin, destination, reason, final }) =>
    final
      ? { code: 'commitment-failed', stationId: null, sourceId: origin.sourceId, reason: `${destination}: ${reason}` }
      : undefined,
  'pacs-gateway.procedure-step.deferred': ({ stationId, reason, final }) =>
    final ? { code: 'procedure-step-failed', stationId, sourceId: null, reason } : undefined,
  'transcoder.quality.warned': ({ origin: { stationId, sourceId }, code, rendition, reason }) => ({
    code,
    stationId,
    sourceId,
    reason: `${rendition}: ${reason}`,
  }),
  'pacs-gateway.delivery.failed': ({ origin, destination, reason }) => ({
    code: 'delivery-failed',
    stationId: null,
    sourceId: origin.sourceId,
    reason: `${destination}: ${reason}`,
  }),
  'pacs-gateway.certificate.ending': ({ owner, field, subject, endsAt }) => ({
    code: 'certificate-ending',
    stationId: null,
    sourceId: null,
    reason: `${owner}: tls.${field} (${subject}) is valid until ${endsAt}`,
  }),
  'catalog.store.filling': ({ fullOn, usedBytes, capacityBytes }) => ({
    code: 'store-filling',
    stationId: null,
    sourceId: null,
    reason: `full on ${fullOn}; ${Math.round((100 * usedBytes) / capacityBytes)} % are used now`,
  }),
  'catalog.access.opened': ({ stationId, account, until }) => ({
    code: 'break-glass',
    stationId,
    sourceId: null,
    reason: `${account} opened this room without a standing right, until ${until}`,
  }),
  'catalog.audit.broken': ({ reason }) => ({ code: 'audit-broken', stationId: null, sourceId: null, reason }),
  'catalog.audit.behind': ({ entries, since, reason }) => ({
    code: 'audit-behind',
    stationId: null,
    sourceId: null,
    reason: `${entries} entries wait since ${since}: ${reason}`,
  }),
  'catalog.audit.caught-up': () => ({
    code: 'audit-caught-up',
    stationId: null,
    sourceId: null,
    reason: 'the repository has all entries again',
  }),
};

/** For those who administer accounts, and nobody else. */
export const isForAdmins = (code: string): boolean =>
  ['break-glass', 'audit-broken', 'audit-behind', 'audit-caught-up'].includes(code);

/** What a person should be told at once about an event; undefined for what is only progress. */
export function alarmOf(name: EventName, data: unknown): AlarmRow | undefined {
  return (readers[name] as Read<EventName> | undefined)?.(data as EventData<EventName>);
}

export interface Alarm extends AlarmRow {
  at: Date;
}
/** Who has seen the alarms of a key, up to which moment. */
export interface Seen {
  upTo: Date;
  actor: string;
  at: Date;
}
export interface AlarmGroup extends Alarm {
  /** The oldest and the number of those that nobody has seen; of all, where all were seen. */
  firstAt: Date;
  times: number;
  /** The trouble has ended since. */
  over: boolean;
  seen: Seen | undefined;
}

/** What is one alarm to a person: the same trouble at the same place. */
export const alarmKey = ({ code, stationId, sourceId }: Pick<AlarmRow, 'code' | 'stationId' | 'sourceId'>): string =>
  [code, stationId ?? '', sourceId ?? ''].join('|');

/**
 * Alarms as a person should see them, newest first: repeats as one with their number, ended ones marked, good news not
 * as an alarm of its own. `seen`: undefined while a newer one than the acknowledged ones is there.
 */
export function groupAlarms(alarms: readonly Alarm[], seenBy: ReadonlyMap<string, Seen>): AlarmGroup[] {
  const newestFirst = alarms.toSorted((a, b) => b.at.getTime() - a.at.getTime());
  const ended = new Map<string, Date>();
  const groups = new Map<string, AlarmGroup>();
  for (const alarm of newestFirst) {
    const ends = (endings as Record<string, readonly AlarmCode[]>)[alarm.code];
    if (ends) {
      for (const code of ends) {
        const key = alarmKey({ ...alarm, code });
        if (!ended.has(key)) ended.set(key, alarm.at);
      }
      continue;
    }
    const key = alarmKey(alarm);
    const seen = seenBy.get(key);
    const isSeen = seen !== undefined && alarm.at <= seen.upTo;
    const group = groups.get(key);
    if (!group) {
      const end = ended.get(key);
      const over = end !== undefined && end >= alarm.at;
      groups.set(key, { ...alarm, firstAt: alarm.at, times: 1, over, seen: isSeen ? seen : undefined });
    } else if (!isSeen || group.seen) {
      group.firstAt = alarm.at;
      group.times += 1;
    }
  }
  return [...groups.values()];
}
