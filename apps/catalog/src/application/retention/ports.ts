import type { RemovalView, RetentionBlock, RetentionItem, RetentionRule } from '@smartbox/contracts';
import type { Unit } from '../../domain/retention/place.ts';

/** How many units, and how much they take, have one fate. */
export interface Tally {
  /** Place of the rule in the list; null: none fits. */
  rule: number | null;
  blocked: RetentionBlock | null;
  /** Local day of the site on which it goes; today for what is due already; null: not within the horizon, or never. */
  day: string | null;
  items: number;
  bytes: number;
}

export interface Candidate extends Unit {
  rule: number;
}

/** A removal that was decided and is not through. */
export interface OpenRemoval extends Unit {
  removalId: string;
}

export interface RetentionStore {
  /** Notes the rules as they are read; since when they are so. */
  rulesSince(hash: string, now: Date): Promise<Date>;
  tally(rules: readonly RetentionRule[], now: Date, horizonDays: number): Promise<Tally[]>;
  /** Bytes saved per day, of the last `days` or of as long as there is anything. */
  addedPerDay(now: Date, days: number): Promise<number>;
  removedSoFar(): Promise<{ items: number; bytes: number }>;
  items(
    rules: readonly RetentionRule[],
    filter: { date?: string | undefined; rule?: string | undefined; blocked?: RetentionBlock | undefined },
    page: { now: Date; limit: number; cursor?: string | undefined },
  ): Promise<{ items: RetentionItem[]; nextCursor?: string }>;
  removals(page: {
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: RemovalView[]; nextCursor?: string }>;
  /** What is due and free to go, the oldest first. */
  due(rules: readonly RetentionRule[], now: Date, limit: number): Promise<Candidate[]>;
  /** What a removal would take: keys of other services' films in the same folder, and of DICOM objects. */
  belongings(unit: Unit): Promise<{ films: ReadonlySet<string>; objectKeys: string[] }>;
  /**
   * Decides on a removal, if it is still due, free and nobody works with it: from then on its bytes are out of reach.
   * Undefined: not any more.
   */
  begin(
    rules: readonly RetentionRule[],
    unit: Candidate,
    found: { objects: number; bytes: number },
    now: Date,
  ): Promise<OpenRemoval | undefined>;
  /** Decided and not through: what a killed process left. */
  open(limit: number): Promise<OpenRemoval[]>;
  /** Nothing is left of its bytes. */
  finish(removalId: string, now: Date): Promise<void>;
  /** At most once a day. */
  warnOfStore(facts: { fullOn: string; usedBytes: number; capacityBytes: number }, now: Date): Promise<void>;
}

/** The object store, as far as removing needs it. */
export interface Objects {
  list(prefix: string): AsyncIterable<{ key: string; bytes: number }>;
  remove(key: string): Promise<void>;
  stat(key: string): Promise<{ bytes: number }>;
}
