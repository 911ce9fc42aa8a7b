import { Controller, Inject } from '@nestjs/common';
import type { HoldView } from '@smartbox/contracts';
import { currentReach, permissionMissing, reaches } from '../../application/access/asking.ts';
import { Feed } from '../../application/feed.ts';
import { Retention } from '../../application/retention/retention.ts';
import { HoldStore } from '../../outbound/retention/hold-store.ts';
import { RetentionStore } from '../../outbound/retention/retention-store.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** What is removed when, what never is, and what was. */
@Controller('api/v1')
export class RetentionController {
  readonly #retention: Retention;
  readonly #store: RetentionStore;
  readonly #holds: HoldStore;
  readonly #feed: Feed;

  constructor(
    @Inject(Retention) retention: Retention,
    @Inject(RetentionStore) store: RetentionStore,
    @Inject(HoldStore) holds: HoldStore,
    @Inject(Feed) feed: Feed,
  ) {
    this.#retention = retention;
    this.#store = store;
    this.#holds = holds;
    this.#feed = feed;
  }

  @Op('getRetention')
  get() {
    wholeHouse();
    return this.#retention.view();
  }

  @Op('getRetentionPlan')
  async plan(@Input() { query }: InputOf<'getRetentionPlan'>) {
    wholeHouse();
    return { items: await this.#retention.plan(query.days) };
  }

  @Op('listRetentionItems')
  items(@Input() { query }: InputOf<'listRetentionItems'>) {
    wholeHouse();
    const { limit, cursor, ...filter } = query;
    return this.#retention.items(filter, { limit, cursor });
  }

  @Op('listRemovals')
  removals(@Input() { query }: InputOf<'listRemovals'>) {
    wholeHouse();
    return this.#store.removals(query);
  }

  @Op('listHolds')
  async holds(@Input() { query }: InputOf<'listHolds'>) {
    return { items: await this.#holds.list(currentReach(), query.limit) };
  }

  @Op('createHold')
  async hold(@Input() { body }: InputOf<'createHold'>): Promise<HoldView> {
    await this.#holds.create(body, who().actor, new Date());
    return this.#changed(body.holdId);
  }

  @Op('releaseHold')
  async release(@Input() { params, body }: InputOf<'releaseHold'>): Promise<HoldView> {
    const hold = await this.#holds.find(params.holdId);
    found(hold && reaches(hold.stationId) ? hold : undefined, 'hold', params.holdId);
    await this.#holds.release(params.holdId, body.reason, who().actor, new Date());
    return this.#changed(params.holdId);
  }

  async #changed(holdId: string): Promise<HoldView> {
    const hold = found(await this.#holds.find(holdId), 'hold', holdId);
    if (hold.clipId === undefined) {
      this.#feed.procedure(hold.procedureId);
      this.#feed.clipsOf(hold.procedureId);
    } else this.#feed.clip(hold.clipId);
    return hold;
  }
}

/** Rules, plan and forecast are of all rooms together: for whoever reaches all of them. */
function wholeHouse(): void {
  if (currentReach() !== 'everywhere') throw permissionMissing('admin.system');
}
