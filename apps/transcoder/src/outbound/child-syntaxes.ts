import { childModule, runChild, type EncoderChoice } from '@smartbox/media';
import type { Syntaxes } from '../application/ports-syntax.ts';
import type { SyntaxAnswer, SyntaxAsk } from '../domain/syntax-jobs.ts';
import type { JobProgress } from '../worker/jobs.ts';
import type { LoadGate } from './load-gate.ts';

const module = childModule(import.meta.url, '../worker/syntax-job');

/** Each job in a process of its own, begun when the machine has room for it. */
export class ChildSyntaxes implements Syntaxes {
  readonly #gate: LoadGate;
  readonly #encoder: EncoderChoice;

  constructor(gate: LoadGate, encoder: EncoderChoice) {
    this.#gate = gate;
    this.#encoder = encoder;
  }

  make(ask: SyntaxAsk, signal: AbortSignal, onPercent: (percent: number) => void): Promise<SyntaxAnswer> {
    return this.#gate.run('archive', signal, (onProcess) =>
      runChild<SyntaxAsk, JobProgress, SyntaxAnswer>(
        module,
        { encoder: this.#encoder, ...ask },
        {
          signal,
          onProcess,
          idleTimeoutMs: 180_000,
          onProgress: ({ percent }) => onPercent(percent),
        },
      ),
    );
  }
}
