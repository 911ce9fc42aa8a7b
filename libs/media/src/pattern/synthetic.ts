import { inputError } from '@smartbox/kernel';
import { cellEdge, COUNTER_COLUMNS, COUNTER_ROWS, counterCell, MIN_COUNTER_WIDTH } from './counter.ts';
import { glyphColumns } from './font.ts';

/** A writable 8-bit 4:2:0 picture: three planes and their strides in bytes. */
export interface Yuv420Planes {
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly strideY: number;
  readonly strideC: number;
}

export interface SyntheticPatternOptions {
  /** At least 320, even. */
  readonly width: number;
  /** At least 180, even. */
  readonly height: number;
  /** Drawn on the picture: A-Z, 0-9 and `-:./#_`. */
  readonly name: string;
  /** Share of the picture below the text that is fine noise, new in each frame: 0 (default) to 1. */
  readonly detail?: number;
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const BARS: readonly (readonly [number, number, number])[] = [
  [180, 128, 128],
  [168, 44, 136],
  [145, 147, 44],
  [133, 63, 52],
  [63, 193, 204],
  [51, 109, 212],
  [28, 212, 120],
];

/** A new tightly packed picture in ordinary memory. */
export function allocatePlanes(width: number, height: number): Yuv420Planes {
  const chroma = (width / 2) * (height / 2);
  return {
    y: new Uint8Array(width * height),
    u: new Uint8Array(chroma).fill(128),
    v: new Uint8Array(chroma).fill(128),
    strideY: width,
    strideC: width / 2,
  };
}

/**
 * The synthetic camera's picture: colour bars, a moving disc and a sweeping bar, the machine-readable counter (see
 * counter.ts), the same counter in digits, the UTC clock and the source's name. The background is painted once;
 * a frame repaints only what moved.
 */
export class SyntheticPattern {
  private readonly width: number;
  private readonly height: number;
  private readonly background: Yuv420Planes;
  private readonly scale: number;
  private readonly textY: number;
  private readonly noise: Uint8Array;
  private readonly noiseFrom: number;
  private dirty: Rect[] = [];
  private painted: Yuv420Planes | undefined;

  constructor(options: SyntheticPatternOptions) {
    const { width, height } = options;
    if (width < MIN_COUNTER_WIDTH || height < 180 || width % 2 || height % 2)
      throw inputError(
        'bad-picture-size',
        `synthetic picture ${width}x${height}: width has to be even and >= ${MIN_COUNTER_WIDTH}, height even and >= 180`,
      );
    this.width = width;
    this.height = height;
    this.scale = Math.max(2, 2 * Math.round(width / 640));
    this.textY = even(cellEdge(COUNTER_ROWS + 2, width));
    this.background = allocatePlanes(width, height);
    const detail = Math.min(1, Math.max(0, options.detail ?? 0));
    this.noiseFrom = even(height * (1 - 0.7 * detail));
    this.noise = detail > 0 ? randomLuma(width * 64) : new Uint8Array();
    this.paintBackground(options.name);
  }

  /**
   * Paints frame `counter` (0 to 2^32-1) with the time `utc` into `planes`. Calling it again with the same planes
   * repaints only the parts that move; other planes are painted whole.
   */
  paint(planes: Yuv420Planes, counter: number, utc: Date): void {
    if (this.painted?.y !== planes.y) {
      this.restore(planes, { x: 0, y: 0, w: this.width, h: this.height });
      this.painted = planes;
    } else for (const rect of this.dirty) this.restore(planes, rect);
    this.dirty = [];
    if (this.noise.length > 0) this.paintNoise(planes, counter);
    this.paintMotion(planes, counter);
    this.paintCode(planes, counter);
    const x = cellEdge(0, this.width);
    this.text(planes, `#${String(counter).padStart(8, '0')}`, x, this.textY);
    this.text(planes, `${utc.toISOString().replace('T', ' ')}`, x, this.textY + this.scale * 10);
  }

  private paintBackground(name: string): void {
    const { background: planes, width, height } = this;
    BARS.forEach(([luma, cb, cr], i) => {
      const from = even((i * width) / BARS.length);
      fill(planes, { x: from, y: 0, w: even(((i + 1) * width) / BARS.length) - from, h: height }, luma, cb, cr);
    });
    const ramp = even(height * 0.8);
    for (let y = ramp; y < height; y++)
      for (let x = 0; x < width; x++) planes.y[y * planes.strideY + x] = 16 + Math.floor((219 * x) / width);
    fill(planes, { x: 0, y: ramp, w: width, h: height - ramp }, null, 128, 128);
    const panel = cellEdge(0, width);
    const box = { x: even(panel / 2), y: even(panel / 2), w: even(cellEdge(COUNTER_COLUMNS, width) - panel / 4), h: 0 };
    fill(
      planes,
      { ...box, w: Math.max(box.w, even(this.scale * 6 * 25)), h: even(this.textY + this.scale * 30 - panel / 2) },
      126,
      128,
      128,
    );
    this.text(planes, name.slice(0, 24), panel, this.textY + this.scale * 20);
  }

  /** Rows of one fixed noise, each frame at other places: a copy per row. */
  private paintNoise(planes: Yuv420Planes, counter: number): void {
    const span = this.noise.length - this.width;
    let at = (counter * 7919) % span;
    for (let line = this.noiseFrom; line < this.height; line++) {
      at = (at + 104_729) % span;
      planes.y.set(this.noise.subarray(at, at + this.width), line * planes.strideY);
    }
  }

  private paintMotion(planes: Yuv420Planes, counter: number): void {
    const { width, height } = this;
    const size = even(height / 6);
    const spanX = width - size;
    const top = even(height * 0.45);
    const spanY = even(height * 0.8) - size - top;
    const disc = {
      x: even(bounce(counter * Math.max(2, width / 160), spanX)),
      y: even(top + bounce(counter * Math.max(2, height / 120), spanY)),
      w: size,
      h: size,
    };
    const radius = size / 2;
    for (let row = 0; row < size; row += 2) {
      const half = even(Math.sqrt(Math.max(0, radius * radius - (row + 1 - radius) ** 2)));
      if (half > 0)
        fill(
          planes,
          { x: disc.x + even(radius - half), y: disc.y + row, w: half * 2, h: 2 },
          150,
          60 + ((counter * 2) % 136),
          196 - ((counter * 2) % 136),
        );
    }
    const bar = {
      x: even(bounce(counter * Math.max(4, width / 80), width - 16)),
      y: even(height * 0.82),
      w: 16,
      h: even(height * 0.16),
    };
    fill(planes, bar, 210, 90, 180);
    this.dirty.push(disc, bar);
  }

  private paintCode(planes: Yuv420Planes, counter: number): void {
    for (let row = 0; row < COUNTER_ROWS; row++) {
      const y = cellEdge(row, this.width);
      const bottom = cellEdge(row + 1, this.width);
      for (let column = 0; column < COUNTER_COLUMNS; column++) {
        const x = cellEdge(column, this.width);
        const end = cellEdge(column + 1, this.width);
        const luma = counterCell(counter, column, row) ? 235 : 16;
        for (let line = y; line < bottom; line++)
          planes.y.fill(luma, line * planes.strideY + x, line * planes.strideY + end);
      }
    }
  }

  private text(planes: Yuv420Planes, text: string, x: number, y: number): void {
    const { scale } = this;
    for (let i = 0; i < text.length; i++) {
      const left = x + i * 6 * scale;
      if (left + 6 * scale > this.width) return;
      const columns = glyphColumns(text[i] ?? ' ');
      for (let row = 0; row < 7; row++) {
        const at = (y + row * scale) * planes.strideY + left;
        for (let column = 0; column < 5; column++)
          planes.y.fill(((columns[column] ?? 0) >> row) & 1 ? 235 : 40, at + column * scale, at + (column + 1) * scale);
        for (let line = 1; line < scale; line++) planes.y.copyWithin(at + line * planes.strideY, at, at + 5 * scale);
      }
    }
  }

  private restore(planes: Yuv420Planes, { x, y, w, h }: Rect): void {
    const from = this.background;
    for (let line = y; line < y + h; line++)
      planes.y.set(from.y.subarray(line * from.strideY + x, line * from.strideY + x + w), line * planes.strideY + x);
    for (let line = y / 2; line < (y + h) / 2; line++) {
      const source = line * from.strideC + x / 2;
      planes.u.set(from.u.subarray(source, source + w / 2), line * planes.strideC + x / 2);
      planes.v.set(from.v.subarray(source, source + w / 2), line * planes.strideC + x / 2);
    }
  }
}

/** A fixed sequence of luma around mid grey (a linear congruential generator). */
function randomLuma(length: number): Uint8Array {
  const out = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[i] = 100 + ((state >>> 16) % 56);
  }
  return out;
}

function even(value: number): number {
  return 2 * Math.floor(value / 2);
}

function bounce(distance: number, span: number): number {
  const at = distance % (2 * span);
  return at < span ? at : 2 * span - at;
}

function fill(planes: Yuv420Planes, { x, y, w, h }: Rect, luma: number | null, cb: number, cr: number): void {
  if (luma !== null)
    for (let line = y; line < y + h; line++)
      planes.y.fill(luma, line * planes.strideY + x, line * planes.strideY + x + w);
  for (let line = y / 2; line < (y + h) / 2; line++) {
    const at = line * planes.strideC + x / 2;
    planes.u.fill(cb, at, at + w / 2);
    planes.v.fill(cr, at, at + w / 2);
  }
}
