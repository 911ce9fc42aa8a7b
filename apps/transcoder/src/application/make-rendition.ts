import type { LossyCompression, VideoFacts } from '@smartbox/contracts';
import { compressionRatio, MAX_FRAGMENT_LENGTH, TransferSyntaxUid } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import { derivationOfHead, derivationOfImport } from '../domain/film.ts';
import { decidePacs, lossOfCapture, syntaxOfStill } from '../domain/pacs-rendition.ts';
import { posterTimeMs, spriteCount, type Task } from '../domain/renditions.ts';
import type { CodeAnew, Made } from './code-anew.ts';
import type { Announcements, Media, Objects, Picture } from './ports.ts';

const JPEG = TransferSyntaxUid.jpegBaseline;

/**
 * Makes one rendition and announces it. Made twice it is the same object under the same key and the same event.
 * What can never be made is announced as failed; what can heal is thrown, for the message to come again.
 */
export class MakeRendition {
  readonly #objects: Objects;
  readonly #media: Media;
  readonly #announce: Announcements;
  readonly #codeAnew: CodeAnew;

  constructor(objects: Objects, media: Media, announce: Announcements, codeAnew: CodeAnew) {
    this.#objects = objects;
    this.#media = media;
    this.#announce = announce;
    this.#codeAnew = codeAnew;
  }

  async run(task: Task, signal: AbortSignal): Promise<void> {
    try {
      const made = await this.#make(task, signal);
      const { origin, rendition, output } = task;
      await this.#announce.ready({
        origin,
        rendition,
        ...output,
        ...made,
        ...(task.again ? { again: task.again } : {}),
      });
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
        return this.#still(task, url, signal);
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
    const { bytes } = task.input;
    const { dicom } = task.origin.recipe;
    const decision = decidePacs(video, bytes, dicom);
    const losses = [...earlierLoss(task, video), ...lossOfCapture(video, bytes)];
    if (decision.mode === 'passthrough') {
      const { transferSyntaxUid, note } = decision;
      const chosen = dicom.videoTransferSyntaxes !== undefined || bytes > MAX_FRAGMENT_LENGTH;
      const syntax = chosen ? { transferSyntaxUid } : {};
      const differs = task.cut
        ? derivationOfHead(task.cut, losses)
        : task.imported && derivationOfImport(task.imported, losses);
      const derivation = differs ? { derivation: differs } : {};
      const notes = note === undefined ? {} : { notes: [note] };
      return { ...task.input, mode: 'passthrough', video, ...syntax, ...notes, ...derivation };
    }
    const made = await this.#code(task, url, decision.coding, losses, signal);
    return { ...made, reason: decision.reason };
  }

  /**
   * The picture for the screen is a JPEG, or a PNG where one was asked for; where its object is in another syntax, that is
   * coded from the frame itself.
   */
  async #still(task: Task, url: string, signal: AbortSignal): Promise<Made> {
    const { dicom } = task.origin.recipe;
    const { transferSyntaxUid, ratio: asked } = syntaxOfStill(task.format, dicom);
    const capture = lossOfCapture(await this.#media.facts(url, signal), task.input.bytes);
    const shownAs = task.format === 'png' ? 'png' : 'jpeg';
    const still = await this.#media.still(url, task.frame ?? 0, shownAs, signal);
    const { bytes, contentType, width, height, durationMs, closeness } = still;
    const key = task.output.key.replace(/\.jpg$/, shownAs === 'png' ? '.png' : '.jpg');
    const stored = await this.#objects.putBytes(key, bytes, contentType);
    const picture = { ...stored, key, contentType, mode: 'encoded' as const, picture: { width, height } };
    if (transferSyntaxUid === JPEG && closeness) {
      const ratio = compressionRatio({ width, height, frames: 1, bitDepth: 8 }, stored.bytes);
      const lossyHistory = [...capture, { method: 'ISO_10918_1', ratio }];
      return { ...picture, lossyHistory, compression: { ratio, durationMs, ...closeness } };
    }
    await this.#announce.ready({ origin: task.origin, rendition: 'poster', ...picture });
    const coding = asked === undefined ? {} : { ratio: asked };
    const wanted = { transferSyntaxUid, frame: task.frame ?? 0, ...coding };
    return this.#code(task, url, wanted, capture, signal);
  }

  #code(
    task: Task,
    url: string,
    wanted: Parameters<CodeAnew['run']>[2],
    earlier: LossyCompression[],
    signal: AbortSignal,
  ) {
    return this.#codeAnew.run(task, url, wanted, earlier, signal, (percent) => {
      this.#announce.progressed(task, percent).catch(() => undefined); // the next one will do
    });
  }
}

/** What frames lost before they were encoded into the saved file: at the beginning of an exact cut, or as a record. */
function earlierLoss({ cut, imported, input }: Task, video: VideoFacts): LossyCompression[] {
  if (cut) return lossOfCapture(video, input.bytes);
  if (!imported || imported.reencodedFrames === 0) return [];
  return lossOfCapture({ ...video, codec: imported.codec }, imported.bytes);
}
