/** MP4 as the cut reads and writes it (ISO/IEC 14496-12): nothing of the ring, nothing of the contracts. */
export { box, findBox, fullBox, readBoxes, u16, u32, u64, type Box } from './boxes.ts';
export { gopOfFrame, type FrameGop } from './frame-gop.ts';
export { movieHeader, UPRIGHT, type NewTrack } from './movie-header.ts';
export { readMovie, type Bytes, type Edit, type Movie, type Track } from './read-movie.ts';
export { SampleList } from './sample-list.ts';
export { type Chunk } from './sample-table.ts';
