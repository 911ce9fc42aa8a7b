import { Controller, Inject } from '@nestjs/common';
import type { OpenedRoom } from '@smartbox/contracts';
import { currentCaller } from '../../../application/access/asking.ts';
import { BreakGlass } from '../../../application/access/break-glass.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';

/** Opening a room without a standing right, in an emergency. */
@Controller('api/v1')
export class BreakGlassController {
  readonly #breakGlass: BreakGlass;

  constructor(@Inject(BreakGlass) breakGlass: BreakGlass) {
    this.#breakGlass = breakGlass;
  }

  @Op('listClosedRooms')
  closed(): { items: { stationId: string; name: string }[] } {
    return { items: this.#breakGlass.closed(currentCaller()) };
  }

  @Op('breakGlass')
  async open(@Input() { body }: InputOf<'breakGlass'>): Promise<OpenedRoom> {
    const { until, ...room } = await this.#breakGlass.open(currentCaller(), body);
    return { ...room, until: until.toISOString() };
  }

  @Op('endBreakGlass')
  close(@Input() { params }: InputOf<'endBreakGlass'>): Promise<void> {
    return this.#breakGlass.close(currentCaller(), params.grantId);
  }
}
