import { posix } from 'node:path';
import { TakeFrameReply, type StillFormat, type TakeFrameRequest } from '@smartbox/contracts';
import type { Films } from './film-ports.ts';
import type { Objects } from './ports.ts';

/** Whoever asked has gone by then. */
const GIVE_UP_MS = 30_000;
const EXTENSIONS: Readonly<Record<StillFormat, string>> = { jpeg: 'jpg', png: 'png', htj2k: 'j2c' };

/** Frames of stored films as pictures. What was made once is only told again. */
export class TakeFrame {
  readonly #objects: Objects;
  readonly #films: Films;

  constructor(objects: Objects, films: Films) {
    this.#objects = objects;
    this.#films = films;
  }

  /** @throws SmartBoxError `no-frames` where there is no such frame */
  async run({ key: film, frame, format }: TakeFrameRequest): Promise<TakeFrameReply> {
    const path = `${posix.dirname(film)}/frames/${String(frame).padStart(6, '0')}`;
    const record = `${path}-${format}.json`;
    const before = TakeFrameReply.safeParse(await this.#objects.getJson(record));
    if (before.success) return before.data;
    const ask = { input: await this.#objects.readUrl(film), frame, format };
    const signal = AbortSignal.timeout(GIVE_UP_MS);
    const { bytes, contentType, width, height } = await this.#films.run('still', ask, { signal, priority: 'preview' });
    const key = `${path}.${EXTENSIONS[format]}`;
    const stored = await this.#objects.putBytes(key, bytes, contentType);
    const made = { key, contentType, width, height, ...stored };
    await this.#objects.putJson(record, made);
    return made;
  }
}
