import { Ulid } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { z } from 'zod';
import type { Records } from '../application/ports.ts';
import { DeliveryRecord } from '../domain/delivery.ts';

const BUCKET = 'DELIVERIES';
/** As long as a dead letter is kept: until then a person may ask for it again. */
const KEEP_MS = 90 * 24 * 3_600_000;
const Resend = z.object({ deliveryId: Ulid });

/** KV bucket DELIVERIES: `delivery.<deliveryId>` and `resend.<deliveryId>`. */
export class KvRecords implements Records {
  readonly #deliveries: KvStore<DeliveryRecord>;
  readonly #resends: KvStore<z.infer<typeof Resend>>;

  private constructor(deliveries: KvStore<DeliveryRecord>, resends: KvStore<z.infer<typeof Resend>>) {
    this.#deliveries = deliveries;
    this.#resends = resends;
  }

  static async open(messaging: Messaging): Promise<KvRecords> {
    const deliveries = await messaging.kv<DeliveryRecord>(BUCKET, DeliveryRecord, {
      ttlMs: KEEP_MS,
    });
    return new KvRecords(deliveries, await messaging.kv(BUCKET, Resend, { ttlMs: KEEP_MS }));
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

  async addResend(deliveryId: string): Promise<void> {
    await this.#resends.put(`resend.${deliveryId}`, { deliveryId });
  }

  async removeResend(deliveryId: string): Promise<void> {
    await this.#resends.delete(`resend.${deliveryId}`);
  }
}
