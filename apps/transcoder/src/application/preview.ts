import type { PreviewFrameReply, PreviewFrameRequest } from '@smartbox/contracts';
import type { Films } from './film-ports.ts';
import type { Objects } from './ports.ts';

const LARGEST = 1920;
/** Whoever asked has gone by then. */
const GIVE_UP_MS = 30_000;

/** Single frames for the editor. */
export class Preview {
  readonly #objects: Objects;
  readonly #films: Films;

  constructor(objects: Objects, films: Films) {
    this.#objects = objects;
    this.#films = films;
  }

  async frame({ key, frame, enhance, redactions, width }: PreviewFrameRequest): Promise<PreviewFrameReply> {
    const input = await this.#objects.readUrl(key);
    const ask = { input, frame, redactions, width: width ?? LARGEST, ...(enhance ? { enhance } : {}) };
    const signal = AbortSignal.timeout(GIVE_UP_MS);
    const { jpeg, ...rest } = await this.#films.run('preview', ask, { signal, priority: 'preview' });
    return { ...rest, jpeg: Buffer.from(jpeg).toString('base64') };
  }
}
