import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import type { FromWorker, ToWorker } from './protocol.ts';
import { readSenderOffer } from './whip-offer.ts';
import { WhipSender, type SenderLimits } from './whip-sender.ts';

/** Where senders of one source come in: one at a time. */
export class WhipDoor {
  readonly #limits: SenderLimits;
  readonly #tell: (message: FromWorker) => void;
  readonly #waiting: ((sender: WhipSender) => void)[] = [];
  #sender: WhipSender | undefined;

  constructor(limits: SenderLimits, tell: (message: FromWorker) => void) {
    this.#limits = limits;
    this.#tell = tell;
  }

  /** The next sender; resolves with undefined when `signal` aborts. */
  next(signal: AbortSignal): Promise<WhipSender | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  wantKeyframe(): void {
    this.#sender?.wantKeyframe();
  }

  async handle(message: Extract<ToWorker, { type: 'whip' }>): Promise<void> {
    const { id, session, action, sdp = '' } = message;
    try {
      if (action === 'offer') {
        const answer = await this.#accept(session, sdp);
        this.#tell({ type: 'whip', id, sdp: answer });
        return;
      }
      if (this.#sender?.session !== session) {
        if (action === 'candidates') throw inputError('unknown-session', 'this session is over');
      } else if (action === 'end') this.#sender.close('the sender has ended');
      else this.#sender.addCandidates(sdp);
      this.#tell({ type: 'whip', id });
    } catch (thrown) {
      const error = toError(thrown);
      const code = error instanceof SmartBoxError ? error.code : 'invalid-offer';
      this.#tell({ type: 'whip-refused', id, code, message: error.message });
    }
  }

  async #accept(session: string, sdp: string): Promise<string> {
    readSenderOffer(sdp);
    if (this.#sender) throw inputError('already-publishing', 'somebody else sends to this source already');
    const sender = await WhipSender.accept(session, sdp, this.#limits);
    this.#sender = sender;
    void sender.gone.then((reason) => {
      process.stderr.write(`whip: ${reason}\n`);
      if (this.#sender === sender) this.#sender = undefined;
    });
    for (const waiting of this.#waiting.splice(0)) waiting(sender);
    return sender.answer;
  }
}
