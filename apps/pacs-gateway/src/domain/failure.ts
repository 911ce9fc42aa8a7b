/** Facts of a failed attempt, as errors carry them. */
export interface FailedAttempt {
  code: string;
  retryable: boolean;
  fault: 'input' | 'ours' | 'theirs';
  /** How far the exchange with the peer had come; absent when it was not the exchange that failed. */
  phase?: string | undefined;
}

export type FailureVerdict =
  /** The destination is away: it is parked, and no attempt is burnt. */
  | 'park'
  /** It counts; after the last attempt it is dead. */
  | 'retry'
  /** As `retry` when the destination still answers a C-ECHO, as `park` when it does not. */
  | 'retry-if-alive'
  /** Our own side cannot deliver now (object store, broker): later, without counting. */
  | 'later'
  /** A person has to change something. */
  | 'dead';

/**
 * What a failure means (promises.md, faults 21, 22, 23, 25). Before anything was sent it says something about the
 * destination; in the middle of an object it may be the object's own doing, so the destination is asked.
 */
export function judgeFailure({ code, retryable, fault, phase }: FailedAttempt): FailureVerdict {
  switch (code) {
    case 'peer-unreachable':
    case 'peer-tls-failed':
    case 'peer-busy': // HTTP 429, 503
    case 'peer-unauthorized': // HTTP 401: says nothing about the object; it goes on when the credentials are right
      return 'park';
    case 'association-rejected':
      return retryable ? 'park' : 'dead'; // transient or permanent, PS3.8 table 9-21
    case 'presentation-context-refused':
      return 'dead';
    case 'association-idle':
    case 'association-closed':
    case 'association-aborted':
    case 'peer-idle':
    case 'peer-closed':
    case 'peer-failed':
    case 'peer-protocol-error':
      return phase === 'transfer' ? 'retry-if-alive' : 'park';
    case 'cancelled':
      return 'later';
    case 'object-corrupt':
    case 'instance-missing':
      return 'retry';
    default:
      if (!retryable) return 'dead';
      return fault === 'theirs' || fault === 'ours' ? 'later' : 'retry';
  }
}
