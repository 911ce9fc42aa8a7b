import { InstanceCreated, InstanceStored, MakeRendition, Token, Ulid } from '@smartbox/contracts';
import { deterministicId } from '@smartbox/kernel';
import { z } from 'zod';

/** What was asked for in place of an instance; `round` counts how often a person asked again. */
export const Replacement = z.object({ rendition: MakeRendition, round: z.int().nonnegative() });
export type Replacement = z.infer<typeof Replacement>;

/**
 * What is remembered of one delivery, beside its message: attempts (a broker's count would burn while a destination is
 * away) and what was already announced.
 */
export const DeliveryRecord = z.object({
  deliveryId: Ulid,
  destination: Token,
  instance: InstanceCreated,
  /** A copy goes there, as its policy was at the last attempt. */
  deidentified: z.literal(true).optional(),
  state: z.enum(['queued', 'sending', 'deferred', 'stored', 'failed', 'replaced']),
  /** Times that bytes were sent. */
  attempt: z.int().nonnegative(),
  /** Attempts that failed in a way that counts. */
  failures: z.int().nonnegative(),
  stored: InstanceStored.optional(),
  replaced: Replacement.optional(),
  /** Storage Commitment, where the destination is asked for it. */
  commitment: z.enum(['open', 'committed', 'failed', 'waived']).optional(),
  /** Times that the archive said it never had what it had stored. */
  lost: z.int().optional(),
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
export function deliveryFacts({ deliveryId, destination, instance, deidentified }: DeliveryRecord) {
  const { instanceId, sopInstanceUid, origin } = instance;
  const { kind, id, sourceId } = origin;
  const facts = { deliveryId, instanceId, sopInstanceUid, destination, origin: { kind, id, sourceId } };
  return deidentified ? { ...facts, deidentified } : facts;
}

/** As the destination's policy is now. */
export function underPolicy({ deidentified: _before, ...record }: DeliveryRecord, isCopy: boolean): DeliveryRecord {
  return isCopy ? { ...record, deidentified: true } : record;
}

/** Is there nothing left to do for it, unless a person asks? */
export function isOver(record: DeliveryRecord): boolean {
  if (record.state === 'stored' || record.state === 'replaced') return true;
  return record.state === 'failed' && record.failed?.code !== DESTINATION_UNKNOWN;
}

/** A person asks for it again: its failures are forgiven, its attempts go on counting. */
export function forgiven(record: DeliveryRecord): DeliveryRecord {
  const { failed: _forgotten, stored: _again, commitment: _open, ...rest } = record;
  const replaced = record.replaced && { ...record.replaced, round: record.replaced.round + 1 };
  return { ...rest, state: 'queued', failures: 0, ...(replaced ? { replaced } : {}) };
}
