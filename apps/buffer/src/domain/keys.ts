/** Every object key of this service; made here and nowhere else. */
export const clipFolder = (clipId: string) => `clips/${clipId}/`;
/** What `evt.buffer.clip.saved` says: written last, so that a repeated request finds its answer. */
export const clipKey = (clipId: string) => `${clipFolder(clipId)}clip.json`;
export const sourceKey = (clipId: string, sourceId: string) => `${clipFolder(clipId)}${sourceId}/source.mp4`;
export const manifestKey = (clipId: string, sourceId: string) => `${clipFolder(clipId)}${sourceId}/manifest.json`;
export const gopKey = (stillId: string, sourceId: string) => `${clipFolder(stillId)}${sourceId}/gop.mp4`;

export const recordingFolder = (clipId: string) => `recordings/${clipId}/`;
const segment = (clipId: string, sourceId: string, firstSequence: number) =>
  `${recordingFolder(clipId)}${sourceId}/${String(firstSequence).padStart(16, '0')}`;
/** Payloads of ring messages, one after the other. */
export const segmentKey = (clipId: string, sourceId: string, firstSequence: number) =>
  `${segment(clipId, sourceId, firstSequence)}.seg`;
/** Written after its segment: what it lists is there. */
export const segmentIndexKey = (clipId: string, sourceId: string, firstSequence: number) =>
  `${segment(clipId, sourceId, firstSequence)}.json`;
