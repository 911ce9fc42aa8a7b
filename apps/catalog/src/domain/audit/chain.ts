import type { AuditFault } from '@smartbox/contracts';
import { createHash } from 'node:crypto';

/** Everything of an entry that its hash covers. */
export interface AuditContent {
  sequence: number;
  id: string;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  outcome: string;
  stationId: string | null;
  patientId: string | null;
  studyUid: string | null;
  address: string | null;
  traceId: string | null;
  /** JSON as PostgreSQL writes a `jsonb`: the same for the same content. */
  detail: string;
}

/** An entry in its place. */
export interface Chained extends AuditContent {
  previousHash: string;
  hash: string;
}

/** A place in the chain: what stood there. */
export interface Link {
  sequence: number;
  hash: string;
}

/** Before the first entry. */
export const origin: Link = { sequence: 0, hash: '0'.repeat(64) };

/** A netstring: its length says where it ends, so no two contents read the same. The migration makes the same in SQL. */
const netstring = (value: string | null): string => (value === null ? '-,' : `${Buffer.byteLength(value)}:${value},`);

/** SHA-256 over the content and the hash of the entry before it, hexadecimal. */
export function hashOf(entry: AuditContent, previousHash: string): string {
  const parts = [
    ...['smartbox-audit-1', String(entry.sequence), entry.id, entry.at.toISOString()],
    ...[entry.actor, entry.action, entry.subject, entry.outcome],
    ...[entry.stationId, entry.patientId, entry.studyUid, entry.address, entry.traceId],
    ...[entry.detail, previousHash],
  ];
  return createHash('sha256').update(parts.map(netstring).join('')).digest('hex');
}

/** More than these say nothing new. */
const MAX_FAULTS = 50;

/**
 * Walks a chain from `base` on, entry by entry in the order of their sequence, and names what is not as it was written.
 * `anchors`: links that somebody kept elsewhere (the log names the head each hour): against whoever could write the
 * whole chain anew.
 */
export class ChainCheck {
  readonly faults: AuditFault[] = [];
  readonly #anchors: ReadonlyMap<number, string>;
  #last: Link;
  #lastId: string | undefined;
  /** Whether the entry before is there, so that the next one can be held against it. */
  #joined = true;
  entries = 0;

  constructor(base: Link, anchors: readonly Link[] = []) {
    this.#last = base;
    this.#anchors = new Map(anchors.map(({ sequence, hash }) => [sequence, hash]));
  }

  see(entry: Chained): void {
    this.entries += 1;
    const { sequence, id: entryId } = entry;
    if (sequence <= this.#last.sequence) {
      this.#fault({ what: 'inserted', sequence, entryId, reason: `the chain begins after ${this.#last.sequence}` });
      return;
    }
    this.#gap(sequence - 1);
    const changed = hashOf(entry, entry.previousHash) !== entry.hash;
    if (changed) this.#fault({ what: 'changed', sequence, entryId, reason: 'its content has another hash' });
    if (this.#joined && entry.previousHash !== this.#last.hash) this.#replaced(sequence);
    const anchored = this.#anchors.get(sequence);
    if (anchored !== undefined && anchored !== entry.hash) {
      this.#fault({ what: 'changed', sequence, entryId, reason: 'an anchor from outside has another hash' });
    }
    this.#last = { sequence, hash: entry.hash };
    this.#lastId = entryId;
    this.#joined = true;
  }

  /** Everything was seen. `head`: where the chain ends by its own account. */
  end(head: Link): void {
    if (this.#last.sequence > head.sequence) {
      const { sequence } = this.#last;
      this.#fault({
        what: 'inserted',
        sequence,
        ...(this.#lastId === undefined ? {} : { entryId: this.#lastId }),
        reason: `the chain ends at ${head.sequence}`,
      });
      return;
    }
    this.#gap(head.sequence);
    if (this.#joined && this.#last.hash !== head.hash) this.#replaced(head.sequence + 1);
    for (const [sequence] of this.#anchors) {
      if (sequence > head.sequence)
        this.#fault({ what: 'missing', sequence, reason: 'an anchor from outside names it' });
    }
  }

  /** Entries up to `until` that should have been seen. */
  #gap(until: number): void {
    const first = this.#last.sequence + 1;
    if (first > until) return;
    const many = until > first ? `${first} to ${until} are not there` : 'it is not there';
    this.#fault({ what: 'missing', sequence: first, reason: many });
    this.#last = { sequence: until, hash: '' };
    this.#lastId = undefined;
    this.#joined = false;
  }

  /** The entry before `next` is not the one that `next` was chained to. */
  #replaced(next: number): void {
    const { sequence } = this.#last;
    const known = this.faults.at(-1);
    if (known?.what === 'changed' && known.sequence === sequence) return;
    this.#fault({
      what: 'changed',
      sequence,
      ...(this.#lastId === undefined ? {} : { entryId: this.#lastId }),
      reason: `entry ${next} follows another content of it`,
    });
  }

  #fault(fault: AuditFault): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(fault);
  }
}
