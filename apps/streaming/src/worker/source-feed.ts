import { decodeLiveAccessUnit, type LiveAccessUnit } from '@smartbox/contracts';
import { NAL, nalType, splitAnnexB } from '@smartbox/media';
import type { Viewer } from './viewer.ts';

/** One source as this worker sees it: who watches, and which H.264 profile it has. */
export class SourceFeed {
  readonly viewers = new Map<string, Viewer>();
  #profile: string | undefined;
  #next: number | undefined;
  readonly #waiting = new Set<(profile: string) => void>();

  /** Hands one message of the live subject to every viewer. */
  take(bytes: Uint8Array): void {
    const unit = decodeLiveAccessUnit(bytes);
    if (unit.keyframe) this.#learn(unit);
    const lost = this.#next !== undefined && unit.sequence !== this.#next;
    this.#next = (unit.sequence + 1) >>> 0;
    for (const viewer of this.viewers.values()) {
      if (lost) viewer.interrupted();
      viewer.send(unit);
    }
  }

  /** `profile_idc` as two hexadecimal digits, from the stream's own parameter set; undefined after `ms`. */
  profile(ms: number): Promise<string | undefined> {
    if (this.#profile !== undefined) return Promise.resolve(this.#profile);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(found);
        resolve(undefined);
      }, ms);
      const found = (profile: string) => {
        clearTimeout(timer);
        resolve(profile);
      };
      this.#waiting.add(found);
    });
  }

  #learn(unit: LiveAccessUnit): void {
    const sps = splitAnnexB(unit.annexB).find((nal) => nalType(nal) === NAL.sps);
    const profile = sps?.[1]?.toString(16).padStart(2, '0');
    if (profile === undefined) return;
    this.#profile = profile;
    for (const found of this.#waiting) found(profile);
    this.#waiting.clear();
  }
}
