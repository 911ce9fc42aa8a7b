import { createHash, randomBytes } from 'node:crypto';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { readFragment } from '../domain/ice-fragment.ts';
import type { SenderSignals } from './ports.ts';

export interface Publication {
  id: string;
  etag: string;
  answer: string;
}

/**
 * Senders (WHIP, RFC 9725): their signalling goes to the capture process of the source, their media too, directly.
 * Nothing is kept here: any instance answers for any session.
 */
export class Publications {
  readonly #signals: SenderSignals;

  constructor(signals: SenderSignals) {
    this.#signals = signals;
  }

  async start(stationId: string, sourceId: string, offer: string): Promise<Publication> {
    // Random: knowing one session tells nothing about another.
    const id = randomBytes(16).toString('base64url');
    const answer = await this.#signals.send(stationId, sourceId, { session: id, action: 'offer', sdp: offer });
    if (answer === undefined) {
      throw new SmartBoxError({ code: 'invalid-reply', message: 'the station gave no answer', fault: 'theirs' });
    }
    return { id, etag: etagOf(id), answer };
  }

  /**
   * Candidates that come later.
   * @throws SmartBoxError `etag-mismatch`, `invalid-fragment`, `ice-restart-unsupported`, `unknown-session`.
   */
  async trickle(id: string, stationId: string, sourceId: string, fragment: string, ifMatch?: string): Promise<void> {
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etagOf(id)) {
      throw inputError('etag-mismatch', 'If-Match names another ICE session');
    }
    readFragment(fragment);
    await this.#signals.send(stationId, sourceId, { session: id, action: 'candidates', sdp: fragment });
  }

  /** Ending one that is over is fine. */
  async stop(id: string, stationId: string, sourceId: string): Promise<void> {
    await this.#signals.send(stationId, sourceId, { session: id, action: 'end' });
  }
}

const etagOf = (id: string): string => `"${createHash('sha256').update(id).digest('hex').slice(0, 16)}"`;
