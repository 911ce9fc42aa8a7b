import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MakeRendition, RenditionReady } from '@smartbox/contracts';
import { deterministicId, SmartBoxError, toError } from '@smartbox/kernel';
import type { SyntaxAnswer, SyntaxPiece } from '../domain/syntax-jobs.ts';
import { fileOf, syntaxFacts } from '../domain/syntax-rendition.ts';
import type { FallbackAnnouncements, Syntaxes } from './ports-syntax.ts';
import type { Cancellations, Objects } from './ports.ts';

/**
 * What a destination did not take as it was, in a transfer syntax and size that it takes. Made twice it is the same
 * objects under the same keys and the same events.
 */
export class MakeFallback {
  readonly #objects: Objects;
  readonly #syntaxes: Syntaxes;
  readonly #announce: FallbackAnnouncements;
  readonly #cancellations: Cancellations;
  readonly #scratch: string;

  constructor(
    objects: Objects,
    syntaxes: Syntaxes,
    announce: FallbackAnnouncements,
    cancellations: Cancellations,
    scratch: string,
  ) {
    this.#objects = objects;
    this.#syntaxes = syntaxes;
    this.#announce = announce;
    this.#cancellations = cancellations;
    this.#scratch = scratch;
  }

  /** @param last there will be no other delivery: what fails now is announced as failed */
  async run(command: MakeRendition, stopping: AbortSignal, last: boolean): Promise<void> {
    const cancelled = this.#cancellations.watch(command.origin.id);
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, 'syntax-'));
    try {
      const signal = AbortSignal.any([cancelled.signal, stopping]);
      const answer = await this.#make(command, folder, signal);
      for (const [index, piece] of answer.pieces.entries()) {
        await this.#announce.ready(await this.#keep(command, answer, piece, index + 1));
      }
    } catch (error) {
      stopping.throwIfAborted();
      const final = error instanceof SmartBoxError && !error.retryable;
      if (!final && !last) throw error;
      const code = error instanceof SmartBoxError ? error.code : 'internal';
      await this.#announce.failed(command, code, toError(error).message);
    } finally {
      cancelled.release();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #make({ input, maxBytes, ...command }: MakeRendition, folder: string, signal: AbortSignal) {
    const ask = {
      input: await this.#objects.readUrl(input.key),
      bytes: input.bytes,
      kind: command.origin.kind === 'still' ? ('picture' as const) : ('video' as const),
      transferSyntaxUid: command.transferSyntaxUid,
      folder,
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(command.ratio === undefined ? {} : { ratio: command.ratio }),
    };
    return this.#syntaxes.make(ask, signal, (percent) => {
      this.#announce.progressed({ input, ...command }, percent).catch(() => undefined); // the next one will do
    });
  }

  async #keep(
    command: MakeRendition,
    answer: SyntaxAnswer,
    piece: SyntaxPiece,
    number: number,
  ): Promise<RenditionReady> {
    const { origin, transferSyntaxUid, destinations, reason } = command;
    const several = answer.pieces.length > 1;
    const renditionId = several ? deterministicId(command.renditionId, String(number)) : command.renditionId;
    const { extension, contentType } = fileOf(transferSyntaxUid, piece);
    const path = `clips/${origin.id}/${origin.sourceId}/renditions/${renditionId}`;
    const key = `${path}.${extension}`;
    const { input } = command;
    const kept = piece.path === undefined ? undefined : await this.#objects.putFile(key, piece.path, contentType);
    const frames = piece.framesPath === undefined ? undefined : `${path}.frames.json`;
    if (frames !== undefined) await this.#objects.putFile(frames, piece.framesPath ?? '', 'application/json');
    const stored = kept ? { key, ...kept } : input;
    const allFrames = answer.pieces.reduce((sum, each) => sum + each.facts.frames, 0);
    const of = answer.pieces.length;
    const part = { set: command.renditionId, number, of, firstFrame: piece.firstFrame, allFrames };
    return {
      origin,
      rendition: 'fallback',
      renditionId,
      ...(several ? { part } : {}),
      destinations,
      ...stored,
      ...(frames === undefined ? {} : { framesKey: frames }),
      contentType,
      reason,
      ...(answer.encoder === undefined ? {} : { encoder: answer.encoder }),
      ...(answer.notes?.length ? { notes: [...answer.notes] } : {}),
      ...syntaxFacts(transferSyntaxUid, origin.kind, answer, piece, stored.bytes, command.lossyHistory),
    };
  }
}
