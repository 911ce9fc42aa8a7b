import { Instant, Token, Uid, Ulid } from '@smartbox/contracts';
import { z } from 'zod';
import type { Backoff } from './backoff.ts';

/** What an instance still waits for: the archive's word that it keeps it (PS3.4 section J.1.1). */
export const OpenCommitment = z.object({
  deliveryId: Ulid,
  destination: Token,
  sopClassUid: Uid,
  sopInstanceUid: Uid,
  /** Times it was asked for. */
  attempt: z.int().nonnegative(),
  /** Of the latest request. */
  transactionUid: Uid.optional(),
  /** When it is asked for, again. */
  dueAt: Instant,
  /** What was wrong last; absent while nothing is. */
  problem: z.object({ code: z.string(), reason: z.string() }).optional(),
});
export type OpenCommitment = z.infer<typeof OpenCommitment>;

/** One request for several instances. Kept beyond its time: a late report still counts. */
export const Transaction = z.object({
  transactionUid: Uid,
  destination: Token,
  instances: z.array(OpenCommitment.pick({ deliveryId: true, sopClassUid: true, sopInstanceUid: true })),
});
export type Transaction = z.infer<typeof Transaction>;

/** Instances asked for in one request: the report on them has some tens of KB. */
export const MAX_INSTANCES = 100;
/** Times that an object is sent again by itself because the archive says that it never had it. */
export const MAX_LOST = 2;
/** After a refusal that may heal. */
export const ASK_AGAIN: Backoff = { firstMs: 5_000, maxMs: 3_600_000 };

export type Refusal =
  /** The archive does not have it: send it again. */
  | 'lost'
  /** It may commit later. */
  | 'again'
  /** A person has to look. */
  | 'final';

const reasons: Record<number, [verdict: Refusal, words: string]> = {
  0x0110: ['again', 'processing failure'],
  0x0112: ['lost', 'no such object instance'],
  0x0119: ['final', 'class and instance do not belong together'],
  0x0122: ['final', 'SOP class not supported'],
  0x0131: ['again', 'duplicate transaction UID'],
  0x0213: ['again', 'resource limitation'],
};

const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');

/** Failure Reason (0008,1197) of one instance, PS3.3 section C.14.1.1. */
export function judgeRefusal(failureReason: number): { verdict: Refusal; code: string; reason: string } {
  const [verdict, words] = reasons[failureReason] ?? ['again', 'a reason of its own'];
  const code = `commitment-refused-${hex(failureReason).toLowerCase()}`;
  return { verdict, code, reason: `the archive does not commit to it: ${words} (${hex(failureReason)})` };
}

const finalStatuses = new Set([0x0118, 0x0119, 0x0122, 0x0124, 0x0211]);

/** Status of an N-ACTION response that is not success, PS3.7 section 10.1.4.1.10. */
export function judgeActionStatus(status: number): { verdict: Exclude<Refusal, 'lost'>; code: string; reason: string } {
  return {
    verdict: finalStatuses.has(status) ? 'final' : 'again',
    code: `commitment-status-${hex(status).toLowerCase()}`,
    reason: `the archive refused the commitment request with status ${hex(status)}`,
  };
}
