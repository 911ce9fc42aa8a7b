import { Controller, Inject } from '@nestjs/common';
import { GivenUp } from '../../application/given-up.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** Messages that a service gave up: looked at, delivered once more, discarded. */
@Controller('api/v1')
export class DeadLettersController {
  readonly #givenUp: GivenUp;

  constructor(@Inject(GivenUp) givenUp: GivenUp) {
    this.#givenUp = givenUp;
  }

  @Op('listDeadLetters')
  async list(@Input() { query }: InputOf<'listDeadLetters'>) {
    return { items: await this.#givenUp.list(query) };
  }

  @Op('deliverDeadLetter')
  async deliver(@Input() { params: { sequence } }: InputOf<'deliverDeadLetter'>): Promise<void> {
    found(await this.#givenUp.deliver(sequence, who().actor), 'dead-letter', String(sequence));
  }

  @Op('deliverDeadLetters')
  async deliverAll(@Input() { body }: InputOf<'deliverDeadLetters'>) {
    return { letters: await this.#givenUp.deliverAll(body.consumer, who().actor) };
  }

  @Op('discardDeadLetter')
  async discard(@Input() { params: { sequence }, body }: InputOf<'discardDeadLetter'>): Promise<void> {
    found(await this.#givenUp.discard(sequence, body.reason, who().actor), 'dead-letter', String(sequence));
  }
}
