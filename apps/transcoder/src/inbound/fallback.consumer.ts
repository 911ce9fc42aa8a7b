import { Controller, Inject } from '@nestjs/common';
import type { CommandData } from '@smartbox/contracts';
import { done, OnCommand, type MessageContext, type Verdict } from '@smartbox/messaging';
import { MakeFallback } from '../application/make-fallback.ts';

/** Deliveries before a work that fails again and again is given up. */
const ATTEMPTS = 5;

/** What the PACS gateway asks for a destination that does not take an object as it is. */
@Controller()
export class FallbackConsumer {
  readonly #make: MakeFallback;

  constructor(@Inject(MakeFallback) make: MakeFallback) {
    this.#make = make;
  }

  @OnCommand('transcoder.make-rendition', { durable: 'transcoder-fallbacks', concurrency: 1, maxDeliver: ATTEMPTS })
  async rendition(command: CommandData<'transcoder.make-rendition'>, context: MessageContext): Promise<Verdict> {
    await this.#make.run(command, context.signal, context.deliveryCount >= ATTEMPTS);
    return done();
  }
}
