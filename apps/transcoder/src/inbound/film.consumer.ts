import { Controller, Inject } from '@nestjs/common';
import type { CommandData, TargetsReply } from '@smartbox/contracts';
import { done, OnCommand, Rpc, type MessageContext, type Verdict } from '@smartbox/messaging';
import { ArchiveExports } from '../application/archive-export.ts';
import type { Targets } from '../application/film-ports.ts';
import { FilmWork } from '../application/film-work.ts';
import { config } from '../config.ts';
import { TargetFolders } from '../outbound/target-folders.ts';

/** Deliveries before a work that fails again and again is given up. */
const ATTEMPTS = 5;
/** A person waits: what a killed process leaves is taken up again soon. */
const ackWaitMs = 12_000;
const edits = {
  durable: 'transcoder-edits',
  concurrency: config.concurrency,
  maxDeliver: ATTEMPTS,
  ackWaitMs,
} as const;
/** Several at once would only make a stick slower. */
const copies = { durable: 'transcoder-copies', concurrency: 1, maxDeliver: ATTEMPTS, ackWaitMs } as const;
const exports = { durable: 'transcoder-exports', concurrency: 1, maxDeliver: ATTEMPTS, ackWaitMs } as const;

/** What people ask of films. Edits, exports and copies have queues of their own: a long export keeps no cut waiting. */
@Controller()
export class FilmConsumer {
  readonly #work: FilmWork;
  readonly #archive: ArchiveExports;
  readonly #targets: Targets;

  constructor(
    @Inject(FilmWork) work: FilmWork,
    @Inject(ArchiveExports) archive: ArchiveExports,
    @Inject(TargetFolders) targets: Targets,
  ) {
    this.#work = work;
    this.#archive = archive;
    this.#targets = targets;
  }

  @OnCommand('transcoder.edit-clip', edits)
  async edit(command: CommandData<'transcoder.edit-clip'>, context: MessageContext): Promise<Verdict> {
    await this.#work.edit(command, context.signal, context.deliveryCount >= ATTEMPTS);
    return done();
  }

  @OnCommand('transcoder.export-clip', exports)
  async export(command: CommandData<'transcoder.export-clip'>, context: MessageContext): Promise<Verdict> {
    await this.#work.export(command, context.signal, context.deliveryCount >= ATTEMPTS);
    return done();
  }

  @OnCommand('transcoder.copy-export', copies)
  async copy(command: CommandData<'transcoder.copy-export'>, context: MessageContext): Promise<Verdict> {
    await this.#work.copy(command, context.signal, context.deliveryCount >= ATTEMPTS);
    return done();
  }

  @OnCommand('transcoder.archive-export', { durable: 'transcoder-archive', maxDeliver: ATTEMPTS, ackWaitMs })
  async archive(command: CommandData<'transcoder.archive-export'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#archive.run(command, signal);
    return done();
  }

  @Rpc('transcoder.list-targets')
  async targets(): Promise<TargetsReply> {
    return { targets: await this.#targets.list() };
  }
}
