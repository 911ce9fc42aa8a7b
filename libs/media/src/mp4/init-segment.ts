import { parseSps } from '../h264/sps.ts';
import { TIMESCALE } from '../frame-rate.ts';
import { box, fullBox, u16, u32 } from './boxes.ts';

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
export const VIDEO_TRACK_ID = 1;

/**
 * The CMAF header (`ftyp` + `moov`) of one H.264 track, timescale 90000 (ISO/IEC 23000-19 7.3.1).
 * The parameter sets stand in `avcC` only (sample entry `avc1`); colour and pixel aspect come from the SPS.
 */
export function buildInitSegment(sps: Uint8Array, pps: Uint8Array): Buffer {
  const info = parseSps(sps);
  const moov = box(
    'moov',
    fullBox(
      'mvhd',
      0,
      0,
      u32(0, 0, 1000, 0, 0x10000),
      u16(0x100, 0),
      u32(0, 0),
      MATRIX,
      u32(0, 0, 0, 0, 0, 0),
      u32(VIDEO_TRACK_ID + 1),
    ),
    box(
      'trak',
      fullBox(
        'tkhd',
        0,
        3,
        u32(0, 0, VIDEO_TRACK_ID, 0, 0, 0, 0),
        u16(0, 0, 0, 0),
        MATRIX,
        u32(displayWidth(info) * 0x10000, info.height * 0x10000),
      ),
      box(
        'mdia',
        fullBox('mdhd', 0, 0, u32(0, 0, TIMESCALE, 0), u16(0x55c4, 0)),
        fullBox('hdlr', 0, 0, u32(0), Buffer.from('vide'), u32(0, 0, 0), Buffer.from('video\0')),
        box(
          'minf',
          fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)),
          box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
          box(
            'stbl',
            fullBox('stsd', 0, 0, u32(1), avc1SampleEntry(sps, pps)),
            fullBox('stts', 0, 0, u32(0)),
            fullBox('stsc', 0, 0, u32(0)),
            fullBox('stsz', 0, 0, u32(0, 0)),
            fullBox('stco', 0, 0, u32(0)),
          ),
        ),
      ),
    ),
    box('mvex', fullBox('trex', 0, 0, u32(VIDEO_TRACK_ID, 1, 0, 0, 0))),
  );
  return Buffer.concat([box('ftyp', Buffer.from('iso6'), u32(0), Buffer.from('iso6cmfcmp41avc1')), moov]);
}

function displayWidth(info: { width: number; sar: { num: number; den: number } | null }): number {
  return info.sar && info.sar.den > 0 ? Math.round((info.width * info.sar.num) / info.sar.den) : info.width;
}

/** `avc1` with `avcC`, `colr` (nclx) and `pasp` (ISO/IEC 14496-15 5.4.2, 14496-12 12.1.4-5). */
export function avc1SampleEntry(sps: Uint8Array, pps: Uint8Array): Buffer {
  const info = parseSps(sps);
  const high = info.profileIdc === 100 || info.profileIdc === 110 || info.profileIdc === 122 || info.profileIdc === 244;
  const chromaIdc = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'].indexOf(info.chroma);
  const avcC = box(
    'avcC',
    Buffer.from([1, info.profileIdc, info.constraintFlags, info.levelIdc, 0xff, 0xe1]),
    u16(sps.length),
    sps,
    Buffer.from([1]),
    u16(pps.length),
    pps,
    ...(high ? [Buffer.from([0xfc | chromaIdc, 0xf8 | (info.bitDepth - 8), 0xf8 | (info.bitDepth - 8), 0])] : []),
  );
  const extra: Buffer[] = [];
  if (info.colour)
    extra.push(
      box(
        'colr',
        Buffer.from('nclx'),
        u16(info.colour.primaries, info.colour.transfer, info.colour.matrix),
        Buffer.from([info.fullRange ? 0x80 : 0]),
      ),
    );
  if (info.sar && info.sar.num > 0 && info.sar.den > 0) extra.push(box('pasp', u32(info.sar.num, info.sar.den)));
  return box(
    'avc1',
    u16(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, info.width, info.height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
    avcC,
    ...extra,
  );
}
