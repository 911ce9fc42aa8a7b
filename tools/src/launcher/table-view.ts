import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import type { Row } from './status.ts';

const paint: Record<Row['state'], (text: string) => string> = {
  waiting: colors.dim,
  starting: colors.yellow,
  ready: colors.green,
  degraded: colors.yellow,
  restarting: colors.red,
  stopping: colors.yellow,
  stopped: colors.dim,
  failed: colors.red,
};

/** The live table in a terminal; plain lines, one per change, anywhere else. */
export class TableView {
  readonly #out: NodeJS.WriteStream;
  readonly #update: ReturnType<typeof createLogUpdate> | undefined;
  #rows: readonly Row[] = [];
  #headline = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#update = out.isTTY ? createLogUpdate(out, { showCursor: true }) : undefined;
  }

  show(rows: readonly Row[], changed: Row): void {
    this.#rows = rows;
    if (this.#update) this.#timer ??= setTimeout(() => this.#draw(), 50);
    else
      this.#out.write(
        `${changed.kind} ${changed.name}: ${changed.state}${changed.detail ? `  ${changed.detail}` : ''}\n`,
      );
  }

  /** One line that stays. */
  say(message: string): void {
    if (this.#update) {
      this.#update.clear();
      this.#out.write(`${colors.dim(message)}\n`);
      this.#draw();
    } else this.#out.write(`${message}\n`);
  }

  headline(text: string): void {
    this.#headline = text;
    if (this.#update) this.#draw();
    else this.#out.write(`${text}\n`);
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#update && this.#rows.length > 0) this.#draw();
    this.#update?.done();
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.#rows.length === 0) return;
    const width = Math.max(60, this.#out.columns || 120);
    const lines = this.#rows.map((row) => {
      const plain = `${row.name.padEnd(18)} ${row.state.padEnd(10)} `;
      const detail = row.detail.replaceAll('\n', ' ').slice(0, Math.max(0, width - plain.length - 3));
      return `  ${colors.bold(row.name.padEnd(18))} ${paint[row.state](row.state.padEnd(10))} ${colors.dim(detail)}`;
    });
    const groups = (['server', 'service', 'source'] as const).flatMap((kind) => {
      const mine = lines.filter((_, index) => this.#rows[index]?.kind === kind);
      return mine.length === 0 ? [] : [colors.underline(`${kind}s`), ...mine];
    });
    this.#update?.(['', ...groups, '', this.#headline === '' ? '' : colors.bold(this.#headline)].join('\n'));
  }
}
