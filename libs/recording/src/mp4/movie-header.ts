import { box, fullBox, u16, u32, u64 } from './boxes.ts';
import { reorderDelay, sampleTable, type Chunk } from './sample-table.ts';

/** The matrix that turns nothing (ISO/IEC 14496-12 section 6.2.2). */
export const UPRIGHT = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const MAX_U32 = 0xffff_ffff;

/** One track of a file to be. */
export interface NewTrack {
  readonly kind: 'video' | 'sound';
  /** Ticks per second. */
  readonly timescale: number;
  /** Sample entries, byte for byte (`avc1` with `avcC`...; section 8.5.2). */
  readonly entries: readonly Uint8Array[];
  readonly chunks: readonly Chunk[];
  /** So many ticks pass before its first sample. */
  readonly startTicks?: number;
  /** Display size as in `tkhd`, 16.16 fixed point; of video. */
  readonly displayWidth?: number;
  readonly displayHeight?: number;
  /** 36 bytes; how the picture is turned. */
  readonly matrix?: Uint8Array;
}

/** A duration or time field of version 0 or 1 boxes. */
const timeField = (version: number, value: number) => (version === 1 ? u64(value) : u32(value));

function moov(tracks: readonly NewTrack[], stbls: readonly Buffer[]): Buffer {
  const timescale = tracks[0]?.timescale ?? 1;
  const lengths = tracks.map((track) => {
    let ticks = track.startTicks ?? 0;
    for (const { durations } of track.chunks) for (const duration of durations) ticks += duration;
    return { own: ticks, movie: Math.round((ticks * timescale) / track.timescale) };
  });
  const longest = Math.max(...lengths.map(({ movie }) => movie));
  const version = Math.max(longest, ...lengths.map(({ own }) => own)) > MAX_U32 ? 1 : 0;
  const noTime = Buffer.alloc(version === 1 ? 16 : 8); // creation and modification: unset, so that equal films are equal
  const mvhd = fullBox(
    'mvhd',
    version,
    0,
    noTime,
    u32(timescale),
    timeField(version, longest),
    u32(0x10000),
    u16(0x100, 0, 0, 0, 0, 0),
    UPRIGHT,
    Buffer.alloc(24),
    u32(tracks.length + 1),
  );
  const traks = tracks.map((track, i) => {
    const { own = 0, movie = 0 } = lengths[i] ?? {};
    const start = track.startTicks ?? 0;
    const video = track.kind === 'video';
    const tkhd = fullBox(
      'tkhd',
      version,
      3,
      noTime,
      u32(i + 1, 0),
      timeField(version, movie),
      Buffer.alloc(8),
      u16(0, 0, video ? 0 : 0x100, 0),
      track.matrix ?? UPRIGHT,
      u32(track.displayWidth ?? 0, track.displayHeight ?? 0),
    );
    const mdhd = fullBox(
      'mdhd',
      version,
      0,
      noTime,
      u32(track.timescale),
      timeField(version, own - start),
      u16(0x55c4, 0),
    );
    const handler = video ? 'vide' : 'soun';
    const name = Buffer.from(video ? 'video\0' : 'sound\0');
    const hdlr = fullBox('hdlr', 0, 0, u32(0), Buffer.from(handler), Buffer.alloc(12), name);
    const minf = box(
      'minf',
      video ? fullBox('vmhd', 0, 1, Buffer.alloc(8)) : fullBox('smhd', 0, 0, Buffer.alloc(4)),
      box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      stbls[i] ?? Buffer.alloc(0),
    );
    return box('trak', tkhd, ...edits(track, movie, version, timescale), box('mdia', mdhd, hdlr, minf));
  });
  return box('moov', mvhd, ...traks);
}

/** `edts` (section 8.6.6): an empty edit before media that begin late, and the media from where they are shown. */
function edits(track: NewTrack, movieTicks: number, version: number, timescale: number): Buffer[] {
  const start = Math.round(((track.startTicks ?? 0) * timescale) / track.timescale);
  const delay = reorderDelay(track.chunks);
  if (start === 0 && delay === 0) return [];
  const row = (duration: number, media: number): Buffer =>
    version === 1
      ? Buffer.concat([u64(duration), media < 0 ? u32(MAX_U32, MAX_U32) : u64(media), u32(0x10000)])
      : u32(duration, media < 0 ? MAX_U32 : media, 0x10000);
  const rows = [...(start > 0 ? [row(start, -1)] : []), row(movieTicks - start, delay)];
  return [box('edts', fullBox('elst', version, 0, u32(rows.length), ...rows))];
}

/**
 * What stands before the media data of a file that can be played while it comes (ISO/IEC 14496-12): `ftyp`, `moov` and
 * the header of `mdat`, with `co64` and a 64-bit `mdat` only where they are needed.
 * @param dataBytes length of the media data
 */
export function movieHeader(tracks: readonly NewTrack[], dataBytes: number, brands: readonly string[]): Buffer {
  const [major = 'isom'] = brands;
  const ftyp = box('ftyp', Buffer.from(major), u32(0x200), ...brands.map((brand) => Buffer.from(brand)));
  const head = (dataOffset: number, wide: boolean) =>
    Buffer.concat([
      ftyp,
      moov(
        tracks,
        tracks.map(({ entries, chunks }) => sampleTable(entries, chunks, dataOffset, wide)),
      ),
      ...(dataBytes + 8 > MAX_U32
        ? [u32(1), Buffer.from('mdat'), u64(dataBytes + 16)]
        : [u32(dataBytes + 8), Buffer.from('mdat')]),
    ]);
  const narrow = head(0, false).length;
  const wide = narrow + dataBytes > MAX_U32;
  return head(wide ? head(0, true).length : narrow, wide);
}
