import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { StreamDefinition } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';

const day = 24 * 3_600_000;

/** Advisories of messages given up by the server because their worker died on its last try. */
export const ADVISORIES: StreamDefinition = {
  name: 'ADVISORIES',
  subjects: ['$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>'],
  retention: 'limits',
  discard: 'old',
  maxAgeMs: 30 * day,
  maxBytes: 64 * 1024 ** 2,
  duplicateWindowMs: 120_000,
};

export const STREAM_NOT_FOUND = 10059;
export const CONSUMER_NOT_FOUND = 10014;
export const MESSAGE_NOT_FOUND = 10037;

export const apiCode = (error: unknown): number | undefined =>
  error instanceof JetStreamApiError ? error.code : undefined;

/**
 * Creates the stream or brings it to the definition; idempotent, so every user may declare it. `replicas` default:
 * 1 for a new stream, unchanged for an existing one. `change: false`: one that is there is left as it is.
 * @throws SmartBoxError `stream-differs` where the retention of an existing stream is another.
 */
export async function ensureStream(
  jsm: JetStreamManager,
  definition: StreamDefinition,
  { replicas, change = true }: { replicas?: number | undefined; change?: boolean } = {},
): Promise<void> {
  const wanted: Partial<StreamConfig> = {
    subjects: [...definition.subjects],
    discard: definition.discard === 'old' ? DiscardPolicy.Old : DiscardPolicy.New,
    max_age: nanos(definition.maxAgeMs),
    max_bytes: definition.maxBytes,
    duplicate_window: nanos(definition.duplicateWindowMs),
    allow_direct: true,
  };
  const retention = definition.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits;
  let existing: StreamConfig;
  try {
    existing = (await jsm.streams.info(definition.name)).config;
  } catch (error) {
    if (apiCode(error) !== STREAM_NOT_FOUND) throw error;
    await jsm.streams.add({
      ...wanted,
      name: definition.name,
      retention,
      storage: StorageType.File,
      num_replicas: replicas ?? 1,
    });
    return;
  }
  if (existing.retention !== retention) {
    throw new SmartBoxError({
      code: 'stream-differs',
      message: `stream ${definition.name} has retention ${existing.retention}, ${retention} is declared`,
      fault: 'ours',
    });
  }
  const update = { ...wanted, ...(replicas === undefined ? {} : { num_replicas: replicas }) };
  const differs = Object.entries(update).some(
    ([key, value]) => JSON.stringify(existing[key as keyof StreamConfig]) !== JSON.stringify(value),
  );
  if (differs && change) await jsm.streams.update(definition.name, update);
}

export interface DurableDefinition {
  stream: string;
  durable: string;
  filterSubjects: readonly string[];
  ackWaitMs: number;
  maxDeliver: number;
  deliver: 'all' | 'new';
  maxAckPending?: number;
}

/** Creates the durable or brings its changeable settings to the definition. */
export async function ensureDurable(jsm: JetStreamManager, definition: DurableDefinition): Promise<void> {
  const filters = [...definition.filterSubjects];
  const changeable: Partial<ConsumerConfig> = {
    ack_wait: nanos(definition.ackWaitMs),
    max_deliver: definition.maxDeliver,
    max_ack_pending: definition.maxAckPending ?? 1000,
    ...(filters.length === 1 ? { filter_subject: filters[0] ?? '' } : { filter_subjects: filters }),
  };
  try {
    const { config } = await jsm.consumers.info(definition.stream, definition.durable);
    const have = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
    const same =
      config.ack_wait === changeable.ack_wait &&
      config.max_deliver === changeable.max_deliver &&
      config.max_ack_pending === changeable.max_ack_pending &&
      JSON.stringify([...have].sort()) === JSON.stringify([...filters].sort());
    if (same) return;
    await jsm.consumers.update(definition.stream, definition.durable, {
      ...changeable,
      // The other form has to be emptied: a consumer cannot have both.
      ...(filters.length === 1 ? { filter_subjects: [] } : { filter_subject: '' }),
    });
  } catch (error) {
    if (apiCode(error) !== CONSUMER_NOT_FOUND) throw error;
    await jsm.consumers.add(definition.stream, {
      ...changeable,
      durable_name: definition.durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: definition.deliver === 'new' ? DeliverPolicy.New : DeliverPolicy.All,
    });
  }
}
