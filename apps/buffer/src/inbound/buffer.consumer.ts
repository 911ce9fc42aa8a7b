import { Controller, Inject } from '@nestjs/common';
import type { CommandData, EventData } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { done, OnCommand, OnEvent, retryAfter, type MessageContext, type Verdict } from '@smartbox/messaging';
import { CaptureStillUseCase } from '../application/capture-still.ts';
import { Failures } from '../application/failures.ts';
import { Recordings } from '../application/recordings.ts';
import { SaveClipUseCase } from '../application/save-clip.ts';
import { SetMarkerUseCase } from '../application/set-marker.ts';

const MAX_DELIVER = 8;
/** Start and stop are worked off side by side: a stop that is ahead of its start waits a little. */
const START_MAY_FOLLOW = 4;

/** People's durable intents. What can never succeed is answered by `clip.failed`; what may heal is tried again. */
@Controller()
export class BufferConsumer {
  readonly #saveClip: SaveClipUseCase;
  readonly #still: CaptureStillUseCase;
  readonly #recordings: Recordings;
  readonly #marker: SetMarkerUseCase;
  readonly #failures: Failures;

  constructor(
    @Inject(SaveClipUseCase) saveClip: SaveClipUseCase,
    @Inject(CaptureStillUseCase) still: CaptureStillUseCase,
    @Inject(Recordings) recordings: Recordings,
    @Inject(SetMarkerUseCase) marker: SetMarkerUseCase,
    @Inject(Failures) failures: Failures,
  ) {
    this.#saveClip = saveClip;
    this.#still = still;
    this.#recordings = recordings;
    this.#marker = marker;
    this.#failures = failures;
  }

  @OnCommand('buffer.save-clip', { durable: 'buffer-save-clip', concurrency: 4, maxDeliver: MAX_DELIVER })
  saveClip(data: CommandData<'buffer.save-clip'>, context: MessageContext): Promise<Verdict> {
    return this.#answer(data, context, () => this.#saveClip.run(data, pressedAt(context), context.signal));
  }

  @OnCommand('buffer.start-recording', { durable: 'buffer-recordings', concurrency: 4, maxDeliver: MAX_DELIVER })
  startRecording(data: CommandData<'buffer.start-recording'>, context: MessageContext): Promise<Verdict> {
    return this.#answer(data, context, () => this.#recordings.start(data, pressedAt(context)));
  }

  @OnCommand('buffer.stop-recording', { durable: 'buffer-recordings', concurrency: 4, maxDeliver: MAX_DELIVER })
  async stopRecording(data: CommandData<'buffer.stop-recording'>, context: MessageContext): Promise<Verdict> {
    if (context.deliveryCount < START_MAY_FOLLOW && !(await this.#recordings.knows(data.clipId))) {
      return retryAfter(500, 'its start may still be on its way');
    }
    return this.#answer(data, context, () => this.#recordings.stop(data.clipId, pressedAt(context), context.signal));
  }

  @OnCommand('buffer.capture-still', { durable: 'buffer-stills', concurrency: 2, maxDeliver: MAX_DELIVER })
  captureStill(data: CommandData<'buffer.capture-still'>, context: MessageContext): Promise<Verdict> {
    const facts = { clipId: data.stillId, stationId: data.stationId, procedureId: data.procedureId };
    return this.#answer(facts, context, () => this.#still.run(data, pressedAt(context), context.signal));
  }

  @OnCommand('buffer.set-marker', { durable: 'buffer-markers', maxDeliver: MAX_DELIVER })
  async setMarker(data: CommandData<'buffer.set-marker'>): Promise<Verdict> {
    await this.#marker.run(data);
    return done();
  }

  @OnEvent('catalog.procedure.ended', { durable: 'buffer-procedures', deliver: 'new' })
  async procedureEnded(data: EventData<'catalog.procedure.ended'>, context: MessageContext): Promise<Verdict> {
    const at = pressedAt(context);
    for (const recording of await this.#recordings.ofProcedure(data.procedureId)) {
      const verdict = await this.#answer(recording, context, () =>
        this.#recordings.stop(recording.clipId, at, context.signal),
      );
      if (verdict.kind !== 'done') return verdict;
    }
    return done();
  }

  async #answer(
    intent: { clipId: string; stationId: string; procedureId?: string },
    context: MessageContext,
    work: () => Promise<unknown>,
  ): Promise<Verdict> {
    try {
      await work();
      return done();
    } catch (thrown) {
      const error = toError(thrown);
      if (await this.#failures.record(intent, error, context.deliveryCount >= MAX_DELIVER)) return done();
      throw error;
    }
  }
}

/** The broker's clock, on which the ring's messages are stamped too. */
const pressedAt = (context: MessageContext): number => context.timestamp.getTime();
