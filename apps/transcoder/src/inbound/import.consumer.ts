import { Controller, Inject } from '@nestjs/common';
import type { CommandData } from '@smartbox/contracts';
import { done, OnCommand, type MessageContext, type Verdict } from '@smartbox/messaging';
import { MakeImport } from '../application/make-import.ts';

/** Deliveries before a work that fails again and again is given up. */
const ATTEMPTS = 5;
/** A migration of thousands of records keeps nobody's cut waiting: one at a time, in a queue of its own. */
const imports = { durable: 'transcoder-imports', concurrency: 1, maxDeliver: ATTEMPTS, ackWaitMs: 12_000 } as const;

/** Records of other systems. */
@Controller()
export class ImportConsumer {
  readonly #make: MakeImport;

  constructor(@Inject(MakeImport) make: MakeImport) {
    this.#make = make;
  }

  @OnCommand('transcoder.import-clip', imports)
  async import(command: CommandData<'transcoder.import-clip'>, context: MessageContext): Promise<Verdict> {
    await this.#make.run(command, context.signal, context.deliveryCount >= ATTEMPTS);
    return done();
  }
}
