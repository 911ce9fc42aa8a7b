import { decodeLiveAccessUnit, type LiveAccessUnit } from '@smartbox/contracts';
import { NAL, nalType, splitAnnexB } from '@smartbox/media';
import type { VideoTrack } from './video-track.ts';

/** One source as this worker sees it: who watches, and which H.264 profile it has. */
export class SourceFeed {
  /** By viewer. */
  readonly tracks = new Map<string, VideoTrack>();
  #profile: string | undefined;
  #next: number | undefined;
  readonly #waiting = new Set<(profile: string) => void>();

  /** Hands one message of the live subject to every viewer. */
  take(bytes: Uint8Array): void {
    const unit = decodeLiveAccessUnit(bytes);
    if (unit.keyframe) this.#learn(unit);
    const lost = this.#next !== undefined && unit.sequence !== this.#next;
    this.#next = (unit.sequence + 1) >>> 0;
    for (const track of this.tracks.values()) {
      if (lost) track.interrupted();
      track.send(unit);
    }
  }

  /**
   * `profile-level-id` (RFC 6184 section 8.1) of the stream's own parameter set, or as the station says, which saves
   * waiting for a keyframe; undefined after `ms`.
   */
  profileLevelId(said: string | undefined, ms: number): Promise<string | undefined> {
    const known = this.#profile ?? said;
    if (known !== undefined) return Promise.resolve(known);
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
    if (!sps || sps.length < 4) return;
    this.#profile = Buffer.from(sps.subarray(1, 4)).toString('hex');
    for (const found of this.#waiting) found(this.#profile);
    this.#waiting.clear();
  }
}
