import { InstanceCreated, InstanceStored, Token, Ulid } from '@smartbox/contracts';
import { deterministicId } from '@smartbox/kernel';
import { z } from 'zod';

/**
 * What is remembered of one delivery, beside its message: attempts (a broker's count would burn while a destination is
 * away) and what was already announced.
 */
export const DeliveryRecord = z.object({
  deliveryId: Ulid,
  destination: Token,
  instance: InstanceCreated,
  state: z.enum(['queued', 'sending', 'deferred', 'stored', 'failed']),
  /** Times that bytes were sent. */
  attempt: z.int().nonnegative(),
  /** Attempts that failed in a way that counts. */
  failures: z.int().nonnegative(),
  stored: InstanceStored.optional(),
  failed: z.object({ code: z.string(), reason: z.string(), status: z.int().optional() }).optional(),
});
export type DeliveryRecord = z.infer<typeof DeliveryRecord>;

/** Attempts that count before a delivery is given up. */
export const MAX_FAILURES = 8;

/** Only this reason heals by itself: the destination was added to the configuration. */
export const DESTINATION_UNKNOWN = 'destination-unknown';

/** The same for the same instance and destination: a message seen twice is one delivery. */
export function deliveryIdOf(instanceId: string, destination: string): string {
  return deterministicId('delivery', instanceId, destination);
}

export function newDelivery(instance: InstanceCreated, destination: string): DeliveryRecord {
  const deliveryId = deliveryIdOf(instance.instanceId, destination);
  return { deliveryId, destination, instance, state: 'queued', attempt: 0, failures: 0 };
}

/** The part that every event about a delivery begins with. */
export function deliveryFacts({ deliveryId, destination, instance }: DeliveryRecord) {
  const { instanceId, sopInstanceUid, origin } = instance;
  const { kind, id, sourceId } = origin;
  return { deliveryId, instanceId, sopInstanceUid, destination, origin: { kind, id, sourceId } };
}

/** Is there nothing left to do for it, unless a person asks? */
export function isOver(record: DeliveryRecord): boolean {
  return record.state === 'stored' || (record.state === 'failed' && record.failed?.code !== DESTINATION_UNKNOWN);
}

/** A person asks for it again: its failures are forgiven, its attempts go on counting. */
export function forgiven(record: DeliveryRecord): DeliveryRecord {
  const { failed: _forgotten, ...rest } = record;
  return { ...rest, state: 'queued', failures: 0 };
}
