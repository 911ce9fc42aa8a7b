import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenditionReady, VideoFacts } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { decidePacs, encodeTarget } from '../domain/pacs-rendition.ts';
import { posterTimeMs, spriteCount, type Task } from '../domain/renditions.ts';
import type { Announcements, Media, Objects, Picture } from './ports.ts';

/** What differs from task to task in the event; the rest follows from the task. */
type Made = Pick<RenditionReady, 'bytes' | 'sha256' | 'mode'> & Partial<RenditionReady>;

/**
 * Makes one rendition and announces it. Made twice it is the same object under the same key and the same event.
 * What can never be made is announced as failed; what can heal is thrown, for the message to come again.
 */
export class MakeRendition {
  readonly #objects: Objects;
  readonly #media: Media;
  readonly #announce: Announcements;
  readonly #scratch: string;

  /** @param scratch folder for encoded files on their way to the object store */
  constructor(objects: Objects, media: Media, announce: Announcements, scratch: string) {
    this.#objects = objects;
    this.#media = media;
    this.#announce = announce;
    this.#scratch = scratch;
  }

  async run(task: Task, signal: AbortSignal): Promise<void> {
    try {
      const made = await this.#make(task, signal);
      const { origin, rendition, output } = task;
      await this.#announce.ready({ origin, rendition, ...output, ...made });
    } catch (error) {
      if (!(error instanceof SmartBoxError) || error.retryable) throw error;
      await this.#announce.failed(task, error.code, error.message);
    }
  }

  async #make(task: Task, signal: AbortSignal): Promise<Made> {
    const url = await this.#objects.readUrl(task.input.key);
    const { durationMs } = task.origin;
    switch (task.rendition) {
      case 'pacs':
        return this.#pacs(task, url, signal);
      case 'poster':
        return this.#store(task, await this.#media.poster(url, posterTimeMs(durationMs), signal));
      case 'still':
        return this.#store(task, await this.#media.still(url, task.frame ?? 0, signal));
      case 'sprite': {
        const { jpeg, width, height, ...grid } = await this.#media.sprite(url, spriteCount(durationMs), signal);
        const sprite = { ...grid, intervalMs: durationMs / grid.count };
        return { ...(await this.#store(task, { jpeg, width, height })), sprite };
      }
    }
  }

  async #store(task: Task, { jpeg, width, height }: Picture): Promise<Made> {
    const stored = await this.#objects.putBytes(task.output.key, jpeg, task.output.contentType);
    return { ...stored, mode: 'encoded', picture: { width, height } };
  }

  async #pacs(task: Task, url: string, signal: AbortSignal): Promise<Made> {
    const video = await this.#media.facts(url, signal);
    const decision = decidePacs(video, task.input.bytes);
    if (decision.mode === 'passthrough') return { ...task.input, mode: 'passthrough', video };
    return this.#encode(task, url, video, decision.reason, signal);
  }

  async #encode(task: Task, url: string, given: VideoFacts, reason: string, signal: AbortSignal): Promise<Made> {
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, 'encode-'));
    try {
      const file = join(folder, 'pacs.mp4');
      const target = { ...encodeTarget(given, task.input.bytes), output: file };
      const encoder = await this.#media.encode(url, target, signal, (percent) => {
        this.#announce.progressed(task, percent).catch(() => undefined); // the next one will do
      });
      const video = await this.#media.facts(file, signal);
      const stored = await this.#objects.putFile(task.output.key, file, task.output.contentType);
      const fit = decidePacs(video, stored.bytes);
      if (fit.mode === 'encode') {
        throw new SmartBoxError({ code: 'no-transfer-syntax', message: fit.reason, fault: 'ours' });
      }
      return { ...stored, mode: 'encoded', reason, encoder, video };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
