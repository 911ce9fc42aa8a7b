import { Controller, Inject } from '@nestjs/common';
import type { EventData } from '@smartbox/contracts';
import { done, OnEvent, type MessageContext, type Verdict } from '@smartbox/messaging';
import { MeasurePacs } from '../application/measure-pacs.ts';

/** What was re-encoded for the archive is measured when it is there: the archive does not wait for it. */
@Controller()
export class QualityConsumer {
  readonly #measure: MeasurePacs;

  constructor(@Inject(MeasurePacs) measure: MeasurePacs) {
    this.#measure = measure;
  }

  @OnEvent('transcoder.rendition.ready', { durable: 'transcoder-quality', deliver: 'new' })
  async ready(event: EventData<'transcoder.rendition.ready'>, { signal }: MessageContext): Promise<Verdict> {
    await this.#measure.run(event, signal);
    return done();
  }
}
