/** What the table shows of one server, service or source. */
export interface Row {
  kind: 'server' | 'service' | 'source';
  name: string;
  state: 'waiting' | 'starting' | 'ready' | 'degraded' | 'restarting' | 'stopping' | 'stopped' | 'failed';
  /** Address, version, reason: whatever a person wants to know. */
  detail: string;
  pid?: number | undefined;
}

export type StatusListener = (rows: readonly Row[], changed: Row) => void;

/** The rows in the order they were first set. */
export class StatusBoard {
  readonly #rows = new Map<string, Row>();
  readonly #listener: StatusListener;

  constructor(listener: StatusListener) {
    this.#listener = listener;
  }

  set(row: Row): void {
    const key = `${row.kind}:${row.name}`;
    const before = this.#rows.get(key);
    if (before && JSON.stringify(before) === JSON.stringify(row)) return;
    this.#rows.set(key, row);
    this.#listener([...this.#rows.values()], row);
  }

  rows(): readonly Row[] {
    return [...this.#rows.values()];
  }
}
