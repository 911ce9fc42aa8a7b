import type { RpcReply, RpcRequest, StationConfig, WorklistItem, WorklistSearch } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { isAnswer, queryOf } from '../domain/worklist-search.ts';

export interface WorklistCache {
  keep(key: string, items: readonly WorklistItem[], asOf: Date): Promise<void>;
  /** Items alone: whoever is chosen of them is found again. */
  remember(items: readonly WorklistItem[], asOf: Date): Promise<void>;
  last(key: string): Promise<{ items: WorklistItem[]; asOf: Date } | undefined>;
}
export type FindWorklist = (
  query: RpcRequest<'pacs-gateway.find-worklist'>,
) => Promise<RpcReply<'pacs-gateway.find-worklist'>>;

export interface WorklistAnswer {
  items: WorklistItem[];
  asOf?: string;
  stale: boolean;
  truncated?: boolean;
  reason?: string;
}

/** Today's patients: asked of the RIS, and from the last answer, said to be old, when the RIS is away. */
export class Worklist {
  readonly #find: FindWorklist;
  readonly #cache: WorklistCache;

  constructor(find: FindWorklist, cache: WorklistCache) {
    this.#find = find;
    this.#cache = cache;
  }

  /** Of some rooms only. */
  async ofStations(
    stations: readonly StationConfig[],
    query: { date: string; q?: string | undefined },
  ): Promise<WorklistAnswer> {
    return together(await Promise.all(stations.map((station) => this.query({ ...query, station }))));
  }

  /** `date`: YYYYMMDD. `q`: any part of name, id or accession number. */
  async query(query: {
    station?: StationConfig | undefined;
    date: string;
    q?: string | undefined;
  }): Promise<WorklistAnswer> {
    const stationAe = query.station?.aeTitle;
    const key = `${stationAe ?? '*'}/${query.date}`;
    try {
      const { items, truncated } = await this.#find({ date: query.date, ...(stationAe ? { stationAe } : {}) });
      const asOf = new Date();
      const sorted = items.toSorted(bySchedule);
      await this.#cache.keep(key, sorted, asOf);
      return { items: matching(sorted, query.q), asOf: asOf.toISOString(), stale: false, truncated };
    } catch (error) {
      const last = await this.#lastAnswer(key, error);
      return { ...last, items: matching(last.items, query.q) };
    }
  }

  /**
   * Asked of the RIS itself, whatever the day and, without `stations`, the room. While it is away, what the list of that
   * day, else of `today` (YYYYMMDD), last had.
   */
  async search(
    asked: WorklistSearch,
    stations: readonly StationConfig[] | undefined,
    today: string,
  ): Promise<WorklistAnswer> {
    const titles = stations?.map(({ aeTitle }) => aeTitle) ?? [undefined];
    return together(await Promise.all(titles.map((title) => this.#search(asked, title, today))));
  }

  async #search(asked: WorklistSearch, stationAe: string | undefined, today: string): Promise<WorklistAnswer> {
    try {
      const { items, truncated } = await this.#find(queryOf(asked, stationAe));
      const asOf = new Date();
      await this.#cache.remember(items, asOf);
      return { items, asOf: asOf.toISOString(), stale: false, truncated };
    } catch (error) {
      const day = asked.date?.replaceAll('-', '') ?? today;
      const last = await this.#lastAnswer(`${stationAe ?? '*'}/${day}`, error);
      return { ...last, items: last.items.filter((item) => isAnswer(item, asked)) };
    }
  }

  async #lastAnswer(key: string, error: unknown): Promise<WorklistAnswer> {
    const last = await this.#cache.last(key);
    return {
      items: last?.items ?? [],
      ...(last ? { asOf: last.asOf.toISOString() } : {}),
      stale: true,
      reason: toError(error).message,
    };
  }
}

/** Several answers as one: each item once, and as stale as the stalest. */
function together(answers: readonly WorklistAnswer[]): WorklistAnswer {
  const items = new Map(answers.flatMap((answer) => answer.items.map((item) => [item.itemId, item])));
  const [asOf] = answers.flatMap((answer) => answer.asOf ?? []).sort();
  const reason = answers.find((answer) => answer.reason !== undefined)?.reason;
  return {
    items: [...items.values()].sort(bySchedule),
    stale: answers.some(({ stale }) => stale),
    truncated: answers.some(({ truncated }) => truncated),
    ...(asOf === undefined ? {} : { asOf }),
    ...(reason === undefined ? {} : { reason }),
  };
}

const bySchedule = (a: WorklistItem, b: WorklistItem) =>
  (a.scheduledAt ?? '').localeCompare(b.scheduledAt ?? '') || (a.itemId < b.itemId ? -1 : 1);

function matching(items: readonly WorklistItem[], q: string | undefined): WorklistItem[] {
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    const text = [item.patient.name.replaceAll('^', ' '), item.patient.id, item.accessionNumber ?? '']
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
