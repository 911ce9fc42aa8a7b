/** How much a level lets a decoder expect: size of one picture and pictures times size per second. */
export interface LevelLimits {
  /** Level times ten. */
  level: number;
  unit: 'macroblocks' | 'luma samples';
  maxPictureSize: number;
  maxRate: number;
  citation: string;
  pictureSize: (width: number, height: number) => number;
}

const macroblocks = (width: number, height: number) => Math.ceil(width / 16) * Math.ceil(height / 16);
const lumaSamples = (width: number, height: number) => Math.ceil(width / 8) * 8 * Math.ceil(height / 8) * 8;

// level x 10 -> [MaxFS, MaxMBPS], ISO/IEC 14496-10 table A-1
const avc: ReadonlyMap<number, readonly [number, number]> = new Map([
  [9, [99, 1485]],
  [10, [99, 1485]],
  [11, [396, 3000]],
  [12, [396, 6000]],
  [13, [396, 11_880]],
  [20, [396, 11_880]],
  [21, [792, 19_800]],
  [22, [1620, 20_250]],
  [30, [1620, 40_500]],
  [31, [3600, 108_000]],
  [32, [5120, 216_000]],
  [40, [8192, 245_760]],
  [41, [8192, 245_760]],
  [42, [8704, 522_240]],
  [50, [22_080, 589_824]],
  [51, [36_864, 983_040]],
  [52, [36_864, 2_073_600]],
]);

// level x 10 -> [MaxLumaPs, MaxLumaSr], ISO/IEC 23008-2 tables A.8 and A.9
const hevc: ReadonlyMap<number, readonly [number, number]> = new Map([
  [10, [36_864, 552_960]],
  [20, [122_880, 3_686_400]],
  [21, [245_760, 7_372_800]],
  [30, [552_960, 16_588_800]],
  [31, [983_040, 33_177_600]],
  [40, [2_228_224, 66_846_720]],
  [41, [2_228_224, 133_693_440]],
  [50, [8_912_896, 267_386_880]],
  [51, [8_912_896, 534_773_760]],
  [52, [8_912_896, 1_069_547_520]],
  [60, [35_651_584, 1_069_547_520]],
]);

/** Limits of an H.264 level (times ten); undefined for a level that does not exist. */
export function avcLimits(level: number): LevelLimits | undefined {
  const row = avc.get(level);
  if (!row) return undefined;
  const [maxPictureSize, maxRate] = row;
  const citation = 'ISO/IEC 14496-10 table A-1';
  return { level, unit: 'macroblocks', maxPictureSize, maxRate, citation, pictureSize: macroblocks };
}

/** Limits of an HEVC level (times ten), Main tier; undefined for a level that does not exist. */
export function hevcLimits(level: number): LevelLimits | undefined {
  const row = hevc.get(level);
  if (!row) return undefined;
  const [maxPictureSize, maxRate] = row;
  const citation = 'ISO/IEC 23008-2 tables A.8 and A.9';
  return { level, unit: 'luma samples', maxPictureSize, maxRate, citation, pictureSize: lumaSamples };
}
