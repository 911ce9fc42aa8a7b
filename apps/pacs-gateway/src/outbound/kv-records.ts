import { Instant, Ulid } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { z } from 'zod';
import type { Records } from '../application/ports.ts';
import { DeliveryRecord } from '../domain/delivery.ts';

const BUCKET = 'DELIVERIES';
/** As long as a dead letter is kept: until then a person may ask for it again. */
const KEEP_MS = 90 * 24 * 3_600_000;
const Resend = z.object({
  deliveryId: Ulid,
  /** Which replica works on it, and until when it says so. */
  lease: z.object({ owner: Ulid, until: Instant }).optional(),
});

const Corrected = z.object({ version: z.int().positive() });

/** KV bucket DELIVERIES: `delivery.<deliveryId>`, `resend.<deliveryId>` and `corrected.<procedureId or clipId>`. */
export class KvRecords implements Records {
  readonly #deliveries: KvStore<DeliveryRecord>;
  readonly #resends: KvStore<z.infer<typeof Resend>>;

  readonly #corrections: KvStore<z.infer<typeof Corrected>>;

  private constructor(
    deliveries: KvStore<DeliveryRecord>,
    resends: KvStore<z.infer<typeof Resend>>,
    corrections: KvStore<z.infer<typeof Corrected>>,
  ) {
    this.#deliveries = deliveries;
    this.#resends = resends;
    this.#corrections = corrections;
  }

  static async open(messaging: Messaging): Promise<KvRecords> {
    const options = { ttlMs: KEEP_MS };
    const deliveries = await messaging.kv<DeliveryRecord>(BUCKET, DeliveryRecord, options);
    const resends = await messaging.kv(BUCKET, Resend, options);
    return new KvRecords(deliveries, resends, await messaging.kv(BUCKET, Corrected, options));
  }

  async correctedTo(id: string): Promise<number> {
    return (await this.#corrections.get(`corrected.${id}`))?.value.version ?? 0;
  }

  async corrected(id: string, version: number): Promise<void> {
    if (version <= (await this.correctedTo(id))) return;
    await this.#corrections.put(`corrected.${id}`, { version });
  }

  async get(deliveryId: string): Promise<DeliveryRecord | undefined> {
    return (await this.#deliveries.get(`delivery.${deliveryId}`))?.value;
  }

  async put(record: DeliveryRecord): Promise<void> {
    await this.#deliveries.put(`delivery.${record.deliveryId}`, record);
  }

  async resends(): Promise<string[]> {
    return (await this.#resends.entries('resend.*')).map(({ value }) => value.deliveryId);
  }

  async claimResend(deliveryId: string, owner: string, ms: number): Promise<boolean> {
    const key = `resend.${deliveryId}`;
    const asked = await this.#resends.get(key);
    const lease = asked?.value.lease;
    if (!asked || (lease && lease.owner !== owner && Date.parse(lease.until) > Date.now())) return false;
    const until = new Date(Date.now() + ms).toISOString();
    try {
      await this.#resends.update(key, { deliveryId, lease: { owner, until } }, asked.revision);
      return true;
    } catch (error) {
      if (error instanceof SmartBoxError && error.code === 'kv-conflict') return false;
      throw error;
    }
  }

  async addResend(deliveryId: string): Promise<void> {
    await this.#resends.put(`resend.${deliveryId}`, { deliveryId });
  }

  async removeResend(deliveryId: string): Promise<void> {
    await this.#resends.delete(`resend.${deliveryId}`);
  }
}
