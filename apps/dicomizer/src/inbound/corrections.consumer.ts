import { Controller, Inject } from '@nestjs/common';
import type { EventData } from '@smartbox/contracts';
import { done, OnEvent, type MessageContext, type Verdict } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';
import { RemakeProcedure } from '../application/remake-procedure.ts';

const patience = { concurrency: 1, maxDeliver: 200, backoffMs: [1000, 5000, 30_000, 60_000, 300_000] };

/** Another patient or worklist item: what was made of the procedure is made anew. */
@Controller()
export class CorrectionsConsumer {
  readonly #remake: RemakeProcedure;
  readonly #log = createLogger('dicomizer');

  constructor(@Inject(RemakeProcedure) remake: RemakeProcedure) {
    this.#remake = remake;
  }

  @OnEvent('catalog.procedure.corrected', { durable: 'dicomizer-corrections', ...patience })
  async onCorrected(
    event: EventData<'catalog.procedure.corrected'>,
    { signal, event: { time } }: MessageContext,
  ): Promise<Verdict> {
    await this.#remake.corrected(event, new Date(time), signal);
    this.#log.info({ procedureId: event.procedureId, version: event.version }, 'procedure made anew');
    return done();
  }

  @OnEvent('catalog.clip.reassigned', { durable: 'dicomizer-reassignments', ...patience })
  async onReassigned(
    event: EventData<'catalog.clip.reassigned'>,
    { signal, event: { time } }: MessageContext,
  ): Promise<Verdict> {
    await this.#remake.reassigned(event, new Date(time), signal);
    this.#log.info({ clipId: event.clipId, assignment: event.assignment }, 'clip made anew');
    return done();
  }
}
