import type { PlannedDay, RetentionBlock, RetentionFile, RetentionView } from '@smartbox/contracts';
import type { Clock } from '@smartbox/kernel';
import { todayIn } from '../../domain/local-day.ts';
import { forecastOf, HORIZON_DAYS, isFilling, nextDay } from '../../domain/retention/forecast.ts';
import { actsFrom, neverOf, rulesHash } from '../../domain/retention/rules.ts';
import type { RetentionStore, Tally } from './ports.ts';
import type { Sweeper } from './sweeper.ts';

const SHOWN_DAYS = 90;
const MEAN_DAYS = 28;
/** Counting goes over everything that is stored: it may take a twentieth of the time, however many look. */
const REST = 20;

interface Counted {
  at: Date;
  today: string;
  tallies: Tally[];
  addedPerDay: number;
}

const sum = (tallies: readonly Tally[]) =>
  tallies.reduce((all, { items, bytes }) => ({ items: all.items + items, bytes: all.bytes + bytes }), {
    items: 0,
    bytes: 0,
  });

/** What the retention rules would do and did: the same rules, the same store, whether they act or not. */
export class Retention {
  readonly #file: RetentionFile | undefined;
  readonly #store: RetentionStore;
  readonly #sweeper: Pick<Sweeper, 'file' | 'trouble'>;
  readonly #timeZone: string;
  readonly #clock: Clock;
  #counted: { until: number; work: Promise<Counted> } | undefined;

  constructor(store: RetentionStore, sweeper: Pick<Sweeper, 'file' | 'trouble'>, timeZone: string, clock: Clock) {
    this.#file = sweeper.file;
    this.#store = store;
    this.#sweeper = sweeper;
    this.#timeZone = timeZone;
    this.#clock = clock;
  }

  async view(): Promise<RetentionView> {
    const { at, tallies, ...rest } = await this.#count();
    const file = this.#file;
    const rules = file?.rules ?? [];
    const since = file ? await this.#store.rulesSince(rulesHash(file), this.#clock.now()) : undefined;
    const from = file && since ? actsFrom(file, since) : undefined;
    const due = tallies.filter(({ day }) => day === rest.today);
    const blocks: RetentionBlock[] = ['keep', 'hold', 'not-yet'];
    return {
      mode: file?.mode ?? 'none',
      rules: rules.map((rule, index) => {
        const never = neverOf(rules, index);
        const matched = sum(tallies.filter((tally) => tally.rule === index));
        return { ...rule, matched, ...(never ? { never } : {}) };
      }),
      unmatched: sum(tallies.filter(({ rule }) => rule === null)),
      ...(file?.mode === 'on' && from && from > this.#clock.now() ? { actsFrom: from.toISOString() } : {}),
      perHour: file?.perHour ?? 0,
      due: sum(due.filter(({ blocked }) => blocked === null)),
      blocked: blocks
        .map((by) => ({ by, ...sum(due.filter(({ blocked }) => blocked === by)) }))
        .filter(({ items }) => items > 0),
      removed: await this.#store.removedSoFar(),
      ...(this.#sweeper.trouble === undefined ? {} : { trouble: this.#sweeper.trouble }),
      store: this.#forecast({ at, tallies, ...rest }),
      asOf: at.toISOString(),
    };
  }

  /** What goes when, up to `days` ahead; what is kept or held goes on no day. */
  async plan(days: number): Promise<PlannedDay[]> {
    const { tallies, today } = await this.#count();
    const last = nextDay(today, days);
    const planned = tallies.filter(
      ({ rule, day, blocked }) =>
        rule !== null && day !== null && day <= last && blocked !== 'keep' && blocked !== 'hold',
    );
    const lines = new Map<string, Tally[]>();
    for (const tally of planned) {
      const key = `${tally.day}/${tally.rule}`;
      lines.set(key, [...(lines.get(key) ?? []), tally]);
    }
    return [...lines.values()]
      .map((line) => ({
        date: line[0]?.day ?? today,
        rule: this.#file?.rules[line[0]?.rule ?? -1]?.name ?? '',
        ...sum(line),
        notYet: sum(line.filter(({ blocked }) => blocked === 'not-yet')),
      }))
      .sort((a, b) => (a.date === b.date ? a.rule.localeCompare(b.rule) : a.date < b.date ? -1 : 1));
  }

  async items(
    filter: Parameters<RetentionStore['items']>[1],
    page: { limit: number; cursor?: string | undefined },
  ): ReturnType<RetentionStore['items']> {
    return this.#store.items(this.#file?.rules ?? [], filter, { ...page, now: this.#clock.now() });
  }

  /** Tells when the store will be full soon: once a day. */
  async watchStore(): Promise<void> {
    const counted = await this.#count();
    const forecast = this.#forecast(counted);
    const { fullOn, capacityBytes, used } = forecast;
    if (fullOn === undefined || capacityBytes === undefined || !isFilling(forecast, counted.today)) return;
    await this.#store.warnOfStore({ fullOn, usedBytes: used.bytes, capacityBytes }, this.#clock.now());
  }

  #forecast({ today, tallies, addedPerDay }: Counted) {
    const freed = new Map<string, number>();
    for (const { rule, day, blocked, bytes } of tallies) {
      if (rule !== null && day !== null && blocked === null) freed.set(day, (freed.get(day) ?? 0) + bytes);
    }
    const used = sum(tallies);
    const { capacityBytes, warnDays } = this.#file?.store ?? {};
    // what comes is taken to be like what is there: as much of it falls under each rule
    const shares = (this.#file?.rules ?? []).flatMap(({ days }, index) => {
      const free = tallies.filter(({ rule, blocked }) => rule === index && blocked !== 'keep' && blocked !== 'hold');
      return days === 'never' || used.bytes === 0 ? [] : [{ afterDays: days, share: sum(free).bytes / used.bytes }];
    });
    const act = this.#file?.mode === 'on';
    return forecastOf({ used, capacityBytes, warnDays, addedPerDay, freed, shares, act }, today, SHOWN_DAYS);
  }

  #count(): Promise<Counted> {
    if (this.#counted && Date.now() < this.#counted.until) return this.#counted.work;
    const began = Date.now();
    const counted = { until: Infinity, work: this.#countAnew(this.#clock.now()) };
    this.#counted = counted;
    counted.work.then(
      () => (counted.until = Date.now() + REST * (Date.now() - began)),
      () => (counted.until = 0),
    );
    return counted.work;
  }

  async #countAnew(at: Date): Promise<Counted> {
    const date = todayIn(this.#timeZone, at);
    const [tallies, addedPerDay] = await Promise.all([
      this.#store.tally(this.#file?.rules ?? [], at, HORIZON_DAYS),
      this.#store.addedPerDay(at, MEAN_DAYS),
    ]);
    return { at, today: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`, tallies, addedPerDay };
  }
}
