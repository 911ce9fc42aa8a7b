import type { DvrItem } from './dvr-index.ts';

export interface PlaylistOptions {
  /** Whole seconds; no item is longer. */
  targetSeconds: number;
  /** Put behind every address: the token, where the player cannot send headers. Begins with `?`, or is empty. */
  query: string;
}

/**
 * A sliding media playlist (RFC 8216 section 4.3.3): it has neither a type nor an end, so a player stays within what
 * the ring still holds. Items are of one procedure, in order. Every run of one epoch has its own EXT-X-MAP; lost time
 * is EXT-X-GAP; EXT-X-PROGRAM-DATE-TIME says when a picture was seen, which is what the viewer is told.
 */
export function dvrPlaylist(items: readonly DvrItem[], { targetSeconds, query }: PlaylistOptions): string {
  const first = items[0];
  const lines = [
    '#EXTM3U',
    // EXT-X-MAP in a playlist of pictures needs 6, EXT-X-GAP 8 (draft-pantos-hls-rfc8216bis).
    '#EXT-X-VERSION:8',
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    `#EXT-X-MEDIA-SEQUENCE:${first?.ordinal ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first?.discontinuity ?? 0}`,
  ];
  if (items.every((item) => item.keyframe)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  let epoch: string | undefined;
  let previous: DvrItem | undefined;
  for (const item of items) {
    if (previous && item.discontinuity !== previous.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (item.epoch !== epoch) {
      lines.push(`#EXT-X-MAP:URI="init-${item.epoch}.mp4${query}"`);
      epoch = item.epoch;
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(item.atMs).toISOString()}`);
    if (item.streamSequence === undefined) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${item.seconds.toFixed(5)},`, `${item.streamSequence ?? `gap-${item.ordinal}`}.m4s${query}`);
    previous = item;
  }
  return `${lines.join('\n')}\n`;
}

/** Time before its expiry at which a fragment leaves the playlist, so that what is listed can still be fetched. */
export const trailMs = (windowMs: number): number => Math.min(15_000, windowMs / 4);

/**
 * What may be shown: of this procedure, of a header that is still there, and not about to expire.
 * `oldestBrokerMs`: stored earlier is not listed any more.
 */
export function listed(items: readonly DvrItem[], procedure: string, oldestBrokerMs: number): DvrItem[] {
  const kept = items.filter((item) => item.procedure === procedure && item.brokerMs >= oldestBrokerMs);
  // A past that begins in a hole, or in the middle of a GOP, cannot be shown from there.
  const first = kept.findIndex((item) => item.streamSequence !== undefined && item.keyframe);
  return first < 0 ? [] : kept.slice(first);
}
