import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LossyCompression, RenditionReady } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import type { Task } from '../domain/renditions.ts';
import type { SyntaxAsk } from '../domain/syntax-jobs.ts';
import { fileOf, syntaxFacts } from '../domain/syntax-rendition.ts';
import type { Syntaxes } from './ports-syntax.ts';
import type { Objects } from './ports.ts';

/** What differs from task to task in the event; the rest follows from the task. */
export type Made = Pick<RenditionReady, 'bytes' | 'sha256' | 'mode'> & Partial<RenditionReady>;
type Wanted = Pick<SyntaxAsk, 'transferSyntaxUid' | 'frame' | 'ratio'>;

/** A saved stream or picture coded for a transfer syntax, under the key of its task. */
export class CodeAnew {
  readonly #objects: Objects;
  readonly #syntaxes: Syntaxes;
  readonly #scratch: string;

  /** @param scratch folder for encoded files on their way to the object store */
  constructor(objects: Objects, syntaxes: Syntaxes, scratch: string) {
    this.#objects = objects;
    this.#syntaxes = syntaxes;
    this.#scratch = scratch;
  }

  /** @param earlier losses of the input, oldest first. @throws SmartBoxError of the encoders; `too-large` */
  async run(
    { origin, input, output }: Task,
    url: string,
    wanted: Wanted,
    earlier: readonly LossyCompression[],
    signal: AbortSignal,
    onPercent: (percent: number) => void,
  ): Promise<Made> {
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, 'syntax-'));
    try {
      const kind = origin.kind === 'still' ? ('picture' as const) : ('video' as const);
      const ask = { input: url, bytes: input.bytes, kind, folder, ...wanted };
      const answer = await this.#syntaxes.make(ask, signal, onPercent);
      const [piece, second] = answer.pieces;
      if (!piece?.path || second) {
        const message = 'the coded stream is longer than one object of its transfer syntax: choose a fragmentable one';
        throw new SmartBoxError({ code: 'too-large', message, fault: 'input' });
      }
      const { extension, contentType } = fileOf(wanted.transferSyntaxUid, piece);
      const path = output.key.replace(/\.[^./]+$/, '');
      const key = `${path}.${extension}`;
      const stored = await this.#objects.putFile(key, piece.path, contentType);
      const frames = { framesKey: `${path}.frames.json` };
      if (piece.framesPath !== undefined) {
        await this.#objects.putFile(frames.framesKey, piece.framesPath, 'application/json');
      }
      const made = syntaxFacts(wanted.transferSyntaxUid, origin.kind, answer, piece, stored.bytes, earlier);
      const { derivation, ...facts } = made;
      return {
        key,
        contentType,
        ...stored,
        ...(piece.framesPath === undefined ? {} : frames),
        // the first object of this capture: nothing that it would be derived from is in any archive
        ...facts,
        ...(derivation ? { lossyHistory: derivation.lossyHistory } : {}),
        ...(answer.reason === undefined ? {} : { reason: answer.reason }),
        ...(answer.notes?.length ? { notes: [...answer.notes] } : {}),
        ...(answer.encoder === undefined ? {} : { encoder: answer.encoder }),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
