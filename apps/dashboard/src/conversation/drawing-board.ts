import { DRAWING_SECONDS } from '@smartbox/contracts';
import type { Drawing } from '@smartbox/contracts';
import type { Place } from './picture-place.ts';

export interface Line {
  personId: string;
  colour: number;
  places: Place[];
  /** When it grew last, ms. */
  at: number;
}

export interface Pointer {
  personId: string;
  colour: number;
  place: Place;
  at: number;
}

/** A pointer that does not move is seen for so long. */
const POINTER_MS = 4_000;
const LINE_MS = DRAWING_SECONDS * 1_000;
/** The end of its time a line fades in. */
const FADE_MS = 1_000;
/** Of one person: the oldest go first. */
const MOST_LINES = 60;
/** Of one line: its beginning goes first. */
const MOST_PLACES = 2_000;

/** 1 is fresh, 0 is gone. */
export const freshness = (line: Pick<Line, 'at'>, now: number): number =>
  Math.max(0, Math.min(1, (line.at + LINE_MS - now) / FADE_MS));

/** What people have drawn on the pictures of a room, as long as it is to be seen. */
export class DrawingBoard {
  /** By source, then by person and line. */
  readonly #lines = new Map<string, Map<string, Line>>();
  readonly #pointers = new Map<string, Map<string, Pointer>>();
  readonly #listeners = new Set<() => void>();

  take(personId: string, colour: number, drawing: Drawing, now: number): void {
    switch (drawing.t) {
      case 'point':
        this.#point(personId, colour, drawing, now);
        break;
      case 'line':
        this.#draw(personId, colour, drawing, now);
        break;
      case 'clear':
        this.clear(drawing.all ? undefined : personId);
        return;
    }
    this.#tell();
  }

  /** One person's, or everything. */
  clear(personId?: string): void {
    for (const lines of [...this.#lines.values(), ...this.#pointers.values()]) {
      for (const [key, { personId: owner }] of [...lines]) {
        if (personId === undefined || owner === personId) lines.delete(key);
      }
    }
    this.#tell();
  }

  /** What is to be seen on a source now; what has faded is forgotten. */
  seen(source: string, now: number): { lines: Line[]; pointers: Pointer[] } {
    const lines = this.#lines.get(source);
    const pointers = this.#pointers.get(source);
    for (const [key, line] of lines ?? []) if (freshness(line, now) === 0) lines?.delete(key);
    for (const [key, { at }] of pointers ?? []) if (now - at > POINTER_MS) pointers?.delete(key);
    return { lines: [...(lines?.values() ?? [])], pointers: [...(pointers?.values() ?? [])] };
  }

  /** Called after each change that comes from outside; fading is not told. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #point(personId: string, colour: number, { source, at }: Extract<Drawing, { t: 'point' }>, now: number): void {
    this.#takePointer(personId);
    if (at) partOf(this.#pointers, source).set(personId, { personId, colour, place: at, at: now });
  }

  #draw(
    personId: string,
    colour: number,
    { source, line, places }: Extract<Drawing, { t: 'line' }>,
    now: number,
  ): void {
    // A hand that draws does not point.
    this.#takePointer(personId);
    const lines = partOf(this.#lines, source);
    const key = `${personId}/${line}`;
    const known = lines.get(key) ?? { personId, colour, places: [], at: now };
    lines.set(key, { ...known, places: [...known.places, ...places].slice(-MOST_PLACES), at: now });
    const own = [...lines].filter(([, { personId: owner }]) => owner === personId);
    for (const [oldest] of own.slice(0, Math.max(0, own.length - MOST_LINES))) lines.delete(oldest);
  }

  /** One person has one pointer, wherever it is. */
  #takePointer(personId: string): void {
    for (const pointers of this.#pointers.values()) pointers.delete(personId);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function partOf<T>(of: Map<string, Map<string, T>>, source: string): Map<string, T> {
  const known = of.get(source) ?? new Map<string, T>();
  of.set(source, known);
  return known;
}
