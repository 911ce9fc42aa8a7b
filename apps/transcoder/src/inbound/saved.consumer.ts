import { Controller, Inject } from '@nestjs/common';
import type { CommandData, EventData } from '@smartbox/contracts';
import { done, OnCommand, OnEvent, type MessageContext, type Verdict } from '@smartbox/messaging';
import { WorkOff } from '../application/work-off.ts';
import { config } from '../config.ts';
import { KvCancellations } from '../outbound/kv-cancellations.ts';

const work = { durable: 'transcoder-saved', concurrency: config.concurrency } as const;

/** What was saved becomes renditions. */
@Controller()
export class SavedConsumer {
  readonly #workOff: WorkOff;
  readonly #cancellations: KvCancellations;

  constructor(@Inject(WorkOff) workOff: WorkOff, @Inject(KvCancellations) cancellations: KvCancellations) {
    this.#workOff = workOff;
    this.#cancellations = cancellations;
  }

  @OnEvent('buffer.clip.saved', work)
  async clip(clip: EventData<'buffer.clip.saved'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#workOff.clip(clip, signal);
    return done();
  }

  @OnEvent('transcoder.clip.imported', work)
  async imported(clip: EventData<'transcoder.clip.imported'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#workOff.clip(clip, signal);
    return done();
  }

  @OnEvent('buffer.still.captured', work)
  async still(still: EventData<'buffer.still.captured'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#workOff.still(still, signal);
    return done();
  }

  @OnCommand('transcoder.prepare-again', { durable: 'transcoder-again', concurrency: config.concurrency })
  async again(command: CommandData<'transcoder.prepare-again'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#workOff.again(command, signal);
    return done();
  }

  @OnCommand('transcoder.cancel-job', { durable: 'transcoder-commands' })
  async cancel({ clipId, renditionId }: CommandData<'transcoder.cancel-job'>): Promise<Verdict> {
    await this.#cancellations.cancel(renditionId ?? clipId);
    return done();
  }
}
