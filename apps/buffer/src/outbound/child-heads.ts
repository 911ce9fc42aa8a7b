import { childModule, runChild } from '@smartbox/media';
import type { Heads } from '../application/ports.ts';
import type { HeadAnswer, HeadAsk } from '../domain/head.ts';

const module = childModule(import.meta.url, '../worker/head-job');
/** A person waits, but what is being captured comes first. */
const NICENESS = 0;

/** Each GOP in a process of its own: a crash in native code costs the exact beginning of a clip, never the service. */
export class ChildHeads implements Heads {
  encode(ask: HeadAsk, signal?: AbortSignal): Promise<HeadAnswer> {
    return runChild<HeadAsk, never, HeadAnswer>(module, ask, {
      niceness: NICENESS,
      idleTimeoutMs: 60_000,
      ...(signal ? { signal } : {}),
    });
  }
}
