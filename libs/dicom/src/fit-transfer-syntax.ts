import { inputError } from '@smartbox/kernel';
import { avcLimits, hevcLimits, type LevelLimits } from './codec-levels.ts';
import { pairing } from './matrix.ts';
import { isAllowed, sopClasses } from './sop-classes.ts';
import {
  fragmentableTwin,
  TransferSyntaxUid as T,
  transferSyntaxes,
  type TransferSyntax,
} from './transfer-syntaxes.ts';
import { framesPerSecond, isRate, type VideoFacts } from './video-facts.ts';

/** A rule that forbids a transfer syntax for a stream. */
export interface Reason {
  /** Stable, kebab-case. */
  rule: string;
  /** Quotes the offending value and says what would be right. */
  message: string;
  citation: string;
}

export type Fit =
  | { fits: true; uid: string; transferSyntax: TransferSyntax }
  | { fits: false; nearest: string | undefined; reasons: readonly Reason[] };

export interface FitOptions {
  /** Bytes of the payload; more than one fragment holds is refused unless the syntax is fragmentable. */
  payloadLength?: number;
  /** Restricts the choice to what this SOP class may be stored in. */
  sopClassUid?: string;
  /** What the destination negotiates, in its order of preference; absent: our own order. */
  accept?: readonly string[];
}

/** Longest value of one fragment: even, and not the undefined length (PS3.5 A.4). */
export const MAX_FRAGMENT_LENGTH = 0xffff_fffe;

/** Our order of preference: the syntax that most archives take comes first. */
const preference: readonly string[] = [
  T.h264High41,
  T.h264High42,
  T.h264BluRay41, // interlaced
  T.hevcMain51,
  T.hevcMain10Level51,
  T.mpeg2MainLevel,
  T.mpeg2HighLevel,
  T.jpegBaseline,
];

/**
 * Chooses the transfer syntax that holds a stream, from facts read out of the stream itself:
 * .102 up to 1080p30 and 720p60, .104 for 1080p60, HEVC .107/.108 for 2160p; see PS3.5 section 8.2.
 * When none does, the answer carries the rules that forbid the nearest one.
 */
export function fitTransferSyntax(facts: VideoFacts, options: FitOptions = {}): Fit {
  const candidates = options.accept ?? preference;
  let nearest: { uid: string; reasons: Reason[] } | undefined;
  for (const uid of candidates) {
    const reasons = forbids(uid, facts, options);
    const transferSyntax = transferSyntaxes.get(uid);
    if (reasons.length === 0 && transferSyntax) return { fits: true, uid, transferSyntax };
    const closer = !nearest || weight(reasons) < weight(nearest.reasons);
    if (closer) nearest = { uid, reasons };
  }
  return { fits: false, nearest: nearest?.uid, reasons: nearest?.reasons ?? [] };
}

/** A syntax for another codec is never the nearest while there is one for this codec. */
function weight(reasons: readonly Reason[]): number {
  return reasons.length + (reasons.some((each) => each.rule === 'codec') ? 100 : 0);
}

/** The rules that forbid this transfer syntax for this stream; empty when it holds the stream. */
export function forbids(uid: string, facts: VideoFacts, options: FitOptions = {}): Reason[] {
  const syntax = transferSyntaxes.get(uid);
  if (!syntax) throw inputError('unknown-transfer-syntax', `Transfer syntax "${uid}" is not one SmartBox writes`);
  const reasons = new Reasons(syntax);
  reasons.unless(
    codecName(facts.codec) === syntax.codec,
    'codec',
    `carries ${syntax.codec}, the stream is ${facts.codec}`,
  );
  const sopClass = sopClasses.get(options.sopClassUid ?? '');
  if (options.sopClassUid !== undefined && !isAllowed(options.sopClassUid, uid)) {
    const rule = sopClass ? `: ${pairing(sopClass, syntax).rule}` : '';
    reasons.add('sop-class', `is not stored as SOP class ${sopClass?.name ?? options.sopClassUid}${rule}`);
  }
  reasons.unless(
    facts.turned !== true,
    'orientation',
    'shows the picture as it is coded, this one is turned or mirrored by its container',
    'PS3.3 C.7.6.3.1',
  );
  if (reasons.list.length > 0) return reasons.list;
  // What the sample table of the wrong container says means nothing.
  if (syntax.layout === 'stream') container(facts, syntax, reasons);
  if (reasons.list.length > 0) return reasons.list;
  general(facts, reasons);
  if (reasons.list.length > 0) return reasons.list;
  if (syntax.layout === 'stream') fragment(syntax, options.payloadLength, reasons);
  if (syntax.codec === 'h264') avc(facts, syntax, reasons);
  if (syntax.codec === 'hevc') hevc(facts, syntax, reasons);
  if (syntax.codec === 'mpeg2') mpeg2(facts, syntax, reasons);
  if (syntax.codec === 'jpeg') eightBit(facts, reasons);
  return reasons.list;
}

class Reasons {
  readonly list: Reason[] = [];
  private readonly syntax: TransferSyntax;

  constructor(syntax: TransferSyntax) {
    this.syntax = syntax;
  }

  add(rule: string, message: string, citation = this.syntax.citation): void {
    this.list.push({ rule, message: `${this.syntax.name} ${message}`, citation });
  }

  unless(holds: boolean, rule: string, message: string, citation?: string): void {
    if (!holds) this.add(rule, message, citation);
  }
}

function codecName(codec: string): string {
  const names: Record<string, string> = { mpeg2video: 'mpeg2', mjpeg: 'jpeg', h265: 'hevc', avc: 'h264' };
  return names[codec] ?? codec;
}

function general(facts: VideoFacts, reasons: Reasons): void {
  const side = (value: number) => Number.isInteger(value) && value > 0 && value <= 0xffff;
  reasons.unless(
    side(facts.width) && side(facts.height),
    'size',
    `needs rows and columns from 1 to 65535, the stream has ${facts.width}x${facts.height}`,
    'PS3.3 C.7.6.3.1',
  );
  reasons.unless(
    Number.isInteger(facts.frames) && facts.frames > 0,
    'frames',
    `needs at least one frame, the stream has ${facts.frames}`,
    'PS3.3 C.7.6.6',
  );
  const fps = framesPerSecond(facts.frameRate);
  reasons.unless(
    Number.isFinite(fps) && fps > 0,
    'frame-rate',
    `needs a frame rate, the stream has ${facts.frameRate.num}/${facts.frameRate.den}`,
    'PS3.3 C.7.6.5',
  );
}

function container(facts: VideoFacts, syntax: TransferSyntax, reasons: Reasons): void {
  const allowed: string[] = syntax.codec === 'mpeg2' ? ['mpegts', 'mpeg-ps', 'mpeg-es'] : ['mp4', 'mpegts'];
  reasons.unless(
    allowed.includes(facts.container),
    'container',
    `is carried in ${allowed.join(' or ')}, the stream is in ${facts.container}`,
  );
  const tracks = facts.audioTracks ?? 0;
  reasons.unless(
    tracks === 0 || facts.container !== 'mp4',
    'audio',
    `carries sound as LPCM or AC-3 in a transport stream only, the MP4 has ${tracks} audio ${tracks === 1 ? 'track' : 'tracks'}: copy its video alone`,
    'PS3.5 8.2.12',
  );
  if (facts.container === 'mp4') return;
  const mpeg2 = syntax.codec === 'mpeg2';
  for (const { codec, sampleRate, channels } of facts.sound ?? []) {
    reasons.unless(
      (mpeg2 ? soundOfMpeg2 : soundOfAvc).some(
        (each) =>
          each.codecs.includes(codec) && each.rates.includes(sampleRate) && channels >= each.least && channels <= 2,
      ),
      'audio',
      `carries sound as ${mpeg2 ? 'MPEG-1 layer III of 32, 44.1 or 48 kHz' : 'LPCM of 48 or 96 kHz in stereo, or AC-3 of 48 kHz'}, ` +
        `of at most two channels, the stream has ${codec} of ${sampleRate} Hz, ${channels} ${channels === 1 ? 'channel' : 'channels'}: copy its video alone`,
      mpeg2 ? 'PS3.5 8.2.5' : 'PS3.5 8.2.12',
    );
  }
}

/** Channel Mode knows MONO and STEREO (PS3.3 C.7.6.5): what has more channels is not described, so not taken. */
const soundOfAvc = [
  { codecs: ['s302m', 'pcm_bluray'], rates: [48_000, 96_000], least: 2 },
  { codecs: ['ac3'], rates: [48_000], least: 1 },
];
const soundOfMpeg2 = [{ codecs: ['mp3'], rates: [32_000, 44_100, 48_000], least: 1 }];

function fragment(syntax: TransferSyntax, length: number | undefined, reasons: Reasons): void {
  if (length === undefined || syntax.fragmentable || length + (length % 2) <= MAX_FRAGMENT_LENGTH) return;
  const twin = fragmentableTwin(syntax.uid);
  reasons.add(
    'one-fragment',
    `puts the whole stream into one fragment of at most ${MAX_FRAGMENT_LENGTH} bytes, the stream has ${length}: ` +
      `split it, use HEVC${twin ? `, or ${twin.uid} where the destination takes it` : ''}`,
    'PS3.5 A.4.5 to A.4.8',
  );
}

function eightBit(facts: VideoFacts, reasons: Reasons): void {
  reasons.unless(facts.bitDepth === 8, 'bit-depth', `holds 8 bits per sample, the stream has ${facts.bitDepth}`);
}

function chroma420(facts: VideoFacts, reasons: Reasons): void {
  reasons.unless(facts.chroma === '4:2:0', 'chroma', `is YBR_PARTIAL_420, the stream is ${facts.chroma}`);
}

function load(facts: VideoFacts, name: string, max: LevelLimits, own: LevelLimits | undefined, reasons: Reasons): void {
  const size = max.pictureSize(facts.width, facts.height);
  const rate = size * framesPerSecond(facts.frameRate);
  const what = `${facts.width}x${facts.height} at ${framesPerSecond(facts.frameRate).toFixed(2)} frames/s`;
  reasons.unless(
    size <= max.maxPictureSize && rate <= max.maxRate,
    'level-limits',
    `ends at level ${max.level / 10} (${max.maxPictureSize} ${max.unit}, ${max.maxRate} per second), ` +
      `${what} needs ${size} and ${Math.ceil(rate)}`,
    max.citation,
  );
  reasons.unless(
    facts.level > 0 && facts.level <= max.level,
    'level',
    `ends at level ${max.level / 10}, the stream says ${facts.level / 10}`,
  );
  // x264 only warns when a stream exceeds the level it was told to write; such a stream breaks its own promise.
  reasons.unless(
    own === undefined || (size <= own.maxPictureSize && rate <= own.maxRate),
    'level-understated',
    `cannot trust a stream that says ${name} level ${facts.level / 10} while ${what} exceeds it: encode with the right level`,
    max.citation,
  );
}

function avc(facts: VideoFacts, syntax: TransferSyntax, reasons: Reasons): void {
  const uid = syntax.uid.replace(/\.1$/, '');
  const level = uid === T.h264High41 || uid === T.h264BluRay41 ? 41 : 42;
  reasons.unless(
    facts.profile === 'High' || facts.profile === 'Progressive High' || facts.profile === 'Constrained High',
    'profile',
    `is High profile, the stream is ${facts.profile} (ultrafast writes Baseline unless 8x8dct=1 and cabac=1)`,
  );
  eightBit(facts, reasons);
  chroma420(facts, reasons);
  const max = avcLimits(level);
  if (max) load(facts, 'H.264', max, avcLimits(facts.level), reasons);
  if (uid === T.h264BluRay41) bluRay(facts, reasons);
  else wholePictures(facts, reasons);
  if (uid === T.h264High42For3d || uid === T.h264Stereo42) {
    reasons.add('stereo', 'is for two views, the stream has one', 'PS3.5 8.2.8, 8.2.9');
  }
}

/** Viewers show the fields of these syntaxes as combs; for fields there are MPEG-2 and the Blu-ray syntax (PS3.5 table 8-4). */
function wholePictures(facts: VideoFacts, reasons: Reasons): void {
  const order = facts.fieldOrder === 'bff' ? 'bottom field first' : 'top field first';
  reasons.unless(
    facts.fieldOrder === undefined,
    'interlaced',
    `has whole pictures here, those of the stream are fields, ${order}: deinterlace it, or use ${T.h264BluRay41}`,
  );
}

/** PS3.5 table 8-4: 1080i at 25 or 29.97, 1080p at 23.976 or 24, 720p at 23.976, 24, 50 or 59.94. */
function bluRay(facts: VideoFacts, reasons: Reasons): void {
  const { width, height, interlaced, frameRate: rate } = facts;
  const ntsc = (nominal: number) => Math.abs(framesPerSecond(rate) - (nominal * 1000) / 1001) < 0.005;
  const holds =
    (width === 1920 && height === 1080 && interlaced && (isRate(rate, 25) || ntsc(30))) ||
    (width === 1920 && height === 1080 && !interlaced && isRate(rate, 24)) ||
    (width === 1280 && height === 720 && !interlaced && (isRate(rate, 24, 50) || ntsc(60)));
  reasons.unless(
    holds && facts.constantFrameRate,
    'blu-ray-format',
    `holds 1080i25/29.97, 1080p24, 720p24/50/59.94 at a constant rate, the stream is ${describe(facts)}`,
    'PS3.5 table 8-4',
  );
}

function hevc(facts: VideoFacts, syntax: TransferSyntax, reasons: Reasons): void {
  const main10 = syntax.uid === T.hevcMain10Level51;
  const profile = main10 ? 'Main 10' : 'Main';
  reasons.unless(facts.profile === profile, 'profile', `is ${profile} profile, the stream is ${facts.profile}`);
  const depth = main10 ? 10 : 8;
  reasons.unless(
    facts.bitDepth === depth,
    'bit-depth',
    `holds ${depth} bits per sample, the stream has ${facts.bitDepth}`,
  );
  chroma420(facts, reasons);
  reasons.unless((facts.tier ?? 'Main') === 'Main', 'tier', `is Main tier, the stream is ${facts.tier} tier`);
  reasons.unless(!facts.interlaced, 'interlaced', 'has whole pictures here, the stream is interlaced', 'PS3.5 8.2.10');
  const max = hevcLimits(51);
  if (max) load(facts, 'HEVC', max, hevcLimits(facts.level), reasons);
}

function mpeg2(facts: VideoFacts, syntax: TransferSyntax, reasons: Reasons): void {
  const { width, height, frameRate: rate } = facts;
  reasons.unless(facts.profile === 'Main', 'profile', `is Main profile, the stream is ${facts.profile}`);
  eightBit(facts, reasons);
  chroma420(facts, reasons);
  const mainLevel = syntax.uid.startsWith(T.mpeg2MainLevel);
  const holds = mainLevel
    ? (width === 720 && height === 480 && isRate(rate, 30)) || (width === 720 && height === 576 && isRate(rate, 25))
    : (width === 1920 && height === 1080 && isRate(rate, 25, 30)) ||
      (width === 1280 && height === 720 && !facts.interlaced && isRate(rate, 25, 30, 50, 60));
  reasons.unless(
    holds && facts.constantFrameRate,
    'format',
    `holds ${mainLevel ? '720x480 at 30 and 720x576 at 25' : '1080 at 25/30 and 720p at 25/30/50/60'} frames/s ` +
      `at a constant rate, the stream is ${describe(facts)}`,
    mainLevel ? 'PS3.5 table 8-1' : 'PS3.5 table 8-2',
  );
}

function describe(facts: VideoFacts): string {
  const scan = facts.interlaced ? 'i' : 'p';
  const rate = framesPerSecond(facts.frameRate).toFixed(3);
  return `${facts.width}x${facts.height}${scan} at ${rate}${facts.constantFrameRate ? '' : ' (variable)'}`;
}
