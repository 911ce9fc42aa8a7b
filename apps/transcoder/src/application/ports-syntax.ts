import type { MakeRendition, RenditionReady } from '@smartbox/contracts';
import type { SyntaxAnswer, SyntaxAsk } from '../domain/syntax-jobs.ts';

/** Streams and pictures in a certain transfer syntax, each made in a child process of its own. */
export interface Syntaxes {
  make(ask: SyntaxAsk, signal: AbortSignal, onPercent: (percent: number) => void): Promise<SyntaxAnswer>;
}

/** What the rest of the line learns of what a destination needs. Each call resolves when the event is durable. */
export interface FallbackAnnouncements {
  ready(event: RenditionReady): Promise<void>;
  progressed(command: MakeRendition, percent: number): Promise<void>;
  failed(command: MakeRendition, code: string, reason: string): Promise<void>;
}
