import type { DeadLetterView } from '@smartbox/contracts';
import type { Clock } from '@smartbox/kernel';
import type { AuditLog } from './access/ports.ts';

/** The letters as the broker keeps them. */
export interface Letters {
  list(page: { limit: number; before?: number | undefined; consumer?: string | undefined }): Promise<DeadLetterView[]>;
  find(sequence: number): Promise<DeadLetterView | undefined>;
  /** False where it is settled. @throws SmartBoxError `consumer-gone` */
  deliverAgain(sequence: number): Promise<boolean>;
  /** False where it is settled. */
  discard(sequence: number): Promise<boolean>;
}

const PAGE = 500;

/** What a person does about messages that a service gave up. It stands in the audit before it is done. */
export class GivenUp {
  readonly #letters: Letters;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(letters: Letters, audit: AuditLog, clock: Clock) {
    this.#letters = letters;
    this.#audit = audit;
    this.#clock = clock;
  }

  list(page: { limit: number; before?: number | undefined }): Promise<DeadLetterView[]> {
    return this.#letters.list(page);
  }

  /** Undefined: there is no such letter (any more). @throws SmartBoxError `consumer-gone` */
  async deliver(sequence: number, actor: string): Promise<true | undefined> {
    const letter = await this.#letters.find(sequence);
    if (!letter) return undefined;
    const { consumer, subject, stream, streamSequence } = letter;
    const detail = { consumer, message: subject, stream, streamSequence };
    await this.#audit.write(
      `dead-letter/${sequence}`,
      { actor, action: 'dead-letter.deliver', detail },
      this.#clock.now(),
    );
    return (await this.#letters.deliverAgain(sequence)) || undefined;
  }

  /** So many, the oldest first: as they came. @throws SmartBoxError `consumer-gone` */
  async deliverAll(consumer: string, actor: string): Promise<number> {
    const sequences: number[] = [];
    for (let before: number | undefined; ;) {
      const page = await this.#letters.list({ limit: PAGE, before, consumer });
      sequences.unshift(...page.map(({ sequence }) => sequence).reverse());
      if (page.length < PAGE) break;
      before = page.at(-1)?.sequence;
    }
    if (sequences.length === 0) return 0;
    const detail = { consumer, letters: sequences.length, from: sequences[0], to: sequences.at(-1) };
    await this.#audit.write(
      `consumer/${consumer}`,
      { actor, action: 'dead-letter.deliver', detail },
      this.#clock.now(),
    );
    let sent = 0;
    for (const sequence of sequences) if (await this.#letters.deliverAgain(sequence)) sent += 1;
    return sent;
  }

  /** Undefined: there is no such letter (any more). */
  async discard(sequence: number, reason: string, actor: string): Promise<true | undefined> {
    const letter = await this.#letters.find(sequence);
    if (!letter) return undefined;
    const { consumer, subject, stream, streamSequence, code } = letter;
    const detail = { consumer, message: subject, stream, streamSequence, code, reason };
    await this.#audit.write(
      `dead-letter/${sequence}`,
      { actor, action: 'dead-letter.discard', detail },
      this.#clock.now(),
    );
    return (await this.#letters.discard(sequence)) || undefined;
  }
}
