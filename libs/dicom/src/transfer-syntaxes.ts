/** What the payload of a transfer syntax is made of. */
export type PayloadCodec = 'h264' | 'hevc' | 'mpeg2' | 'jpeg' | 'htj2k' | 'none';

/**
 * - `stream`: one bit stream for all frames, empty Basic Offset Table (PS3.5 A.4.5 to A.4.8)
 * - `frames`: every frame in its own fragment or fragments (PS3.5 A.4)
 * - `native`: uncompressed, defined length (PS3.5 A.2)
 */
export type PayloadLayout = 'stream' | 'frames' | 'native';

/** One transfer syntax as data, PS3.6 table A-1. */
export interface TransferSyntax {
  uid: string;
  name: string;
  codec: PayloadCodec;
  layout: PayloadLayout;
  /** May one bit stream lie in more than one fragment? */
  fragmentable: boolean;
  lossless: boolean;
  /** Value of Lossy Image Compression Method (0028,2114), PS3.3 C.7.6.1.1.5.1. */
  lossyMethod?: 'ISO_13818_2' | 'ISO_14496_10' | 'ISO_23008_2' | 'ISO_10918_1' | 'ISO_15444_15';
  /** Photometric Interpretation (0028,0004) of what the payload decodes to, PS3.5 section 8.2. */
  photometricInterpretation: 'YBR_PARTIAL_420' | 'YBR_FULL_422' | 'YBR_RCT' | 'YBR_ICT' | 'RGB';
  /** Where the rules of this syntax stand. */
  citation: string;
}

const video = {
  layout: 'stream',
  lossless: false,
  photometricInterpretation: 'YBR_PARTIAL_420',
} as const;
const mpeg2 = { ...video, codec: 'mpeg2', lossyMethod: 'ISO_13818_2' } as const;
const avc = { ...video, codec: 'h264', lossyMethod: 'ISO_14496_10' } as const;
const hevc = { ...video, codec: 'hevc', lossyMethod: 'ISO_23008_2', fragmentable: true } as const;
const htj2k = { codec: 'htj2k', layout: 'frames', fragmentable: true } as const;

/** UIDs by the name used in code. */
export const TransferSyntaxUid = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflatedExplicitLittleEndian: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
  jpegBaseline: '1.2.840.10008.1.2.4.50',
  mpeg2MainLevel: '1.2.840.10008.1.2.4.100',
  mpeg2MainLevelFragmentable: '1.2.840.10008.1.2.4.100.1',
  mpeg2HighLevel: '1.2.840.10008.1.2.4.101',
  mpeg2HighLevelFragmentable: '1.2.840.10008.1.2.4.101.1',
  h264High41: '1.2.840.10008.1.2.4.102',
  h264High41Fragmentable: '1.2.840.10008.1.2.4.102.1',
  h264BluRay41: '1.2.840.10008.1.2.4.103',
  h264BluRay41Fragmentable: '1.2.840.10008.1.2.4.103.1',
  h264High42: '1.2.840.10008.1.2.4.104',
  h264High42Fragmentable: '1.2.840.10008.1.2.4.104.1',
  h264High42For3d: '1.2.840.10008.1.2.4.105',
  h264High42For3dFragmentable: '1.2.840.10008.1.2.4.105.1',
  h264Stereo42: '1.2.840.10008.1.2.4.106',
  h264Stereo42Fragmentable: '1.2.840.10008.1.2.4.106.1',
  hevcMain51: '1.2.840.10008.1.2.4.107',
  hevcMain10Level51: '1.2.840.10008.1.2.4.108',
  htj2kLossless: '1.2.840.10008.1.2.4.201',
  htj2kLosslessRpcl: '1.2.840.10008.1.2.4.202',
  htj2k: '1.2.840.10008.1.2.4.203',
} as const;

/** A bit stream syntax and its fragmentable twin (".1"), PS3.5 A.4.5 to A.4.8. */
function twins(uid: string, name: string, citation: string, rest: typeof mpeg2 | typeof avc): TransferSyntax[] {
  return [
    { ...rest, uid, name, citation, fragmentable: false },
    { ...rest, uid: `${uid}.1`, name: `Fragmentable ${name}`, citation, fragmentable: true },
  ];
}

const U = TransferSyntaxUid;
const all: TransferSyntax[] = [
  {
    uid: U.explicitLittleEndian,
    name: 'Explicit VR Little Endian',
    codec: 'none',
    layout: 'native',
    fragmentable: false,
    lossless: true,
    photometricInterpretation: 'RGB',
    citation: 'PS3.5 A.2',
  },
  {
    uid: U.jpegBaseline,
    name: 'JPEG Baseline (Process 1)',
    codec: 'jpeg',
    layout: 'frames',
    fragmentable: true,
    lossless: false,
    lossyMethod: 'ISO_10918_1',
    photometricInterpretation: 'YBR_FULL_422',
    citation: 'PS3.5 8.2.1, A.4.1',
  },
  ...twins(U.mpeg2MainLevel, 'MPEG2 Main Profile / Main Level', 'PS3.5 8.2.5', mpeg2),
  ...twins(U.mpeg2HighLevel, 'MPEG2 Main Profile / High Level', 'PS3.5 8.2.6', mpeg2),
  ...twins(U.h264High41, 'MPEG-4 AVC/H.264 High Profile / Level 4.1', 'PS3.5 8.2.7', avc),
  ...twins(U.h264BluRay41, 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', 'PS3.5 8.2.7, table 8-4', avc),
  ...twins(U.h264High42, 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', 'PS3.5 8.2.8', avc),
  ...twins(U.h264High42For3d, 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', 'PS3.5 8.2.8', avc),
  ...twins(U.h264Stereo42, 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', 'PS3.5 8.2.9', avc),
  { ...hevc, uid: U.hevcMain51, name: 'HEVC/H.265 Main Profile / Level 5.1', citation: 'PS3.5 8.2.10' },
  { ...hevc, uid: U.hevcMain10Level51, name: 'HEVC/H.265 Main 10 Profile / Level 5.1', citation: 'PS3.5 8.2.11' },
  {
    ...htj2k,
    uid: U.htj2kLossless,
    name: 'High-Throughput JPEG 2000 (Lossless Only)',
    lossless: true,
    photometricInterpretation: 'YBR_RCT',
    citation: 'PS3.5 8.2.14',
  },
  {
    ...htj2k,
    uid: U.htj2kLosslessRpcl,
    name: 'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)',
    lossless: true,
    photometricInterpretation: 'YBR_RCT',
    citation: 'PS3.5 8.2.14',
  },
  {
    ...htj2k,
    uid: U.htj2k,
    name: 'High-Throughput JPEG 2000',
    lossless: false,
    lossyMethod: 'ISO_15444_15',
    photometricInterpretation: 'YBR_ICT',
    citation: 'PS3.5 8.2.14',
  },
];

/** Every transfer syntax SmartBox knows how to write or check, by UID. */
export const transferSyntaxes: ReadonlyMap<string, TransferSyntax> = new Map(all.map((each) => [each.uid, each]));

/** The fragmentable twin (".1") of a one-fragment syntax; undefined where there is none. */
export function fragmentableTwin(uid: string): TransferSyntax | undefined {
  return transferSyntaxes.get(`${uid}.1`);
}

/** The one-fragment syntax of a fragmentable one; any other UID as it is. */
export function oneFragmentTwin(uid: string): string {
  return uid.replace(/(\.4\.10\d)\.1$/, '$1');
}

/** Human name of a transfer syntax; an unknown UID is returned as it is. */
export function transferSyntaxName(uid: string): string {
  return transferSyntaxes.get(uid)?.name ?? uid;
}
