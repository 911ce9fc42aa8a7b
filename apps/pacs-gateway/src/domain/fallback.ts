import { deterministicId } from '@smartbox/kernel';
import { SEQUENCE_SECONDS, type InstanceCreated, type MakeRendition } from '@smartbox/contracts';
import {
  fragmentableTwin,
  isAllowed,
  oneFragmentTwin,
  sopClasses,
  transferSyntaxes,
  transferSyntaxName,
  TransferSyntaxUid as T,
} from '@smartbox/dicom';

/** Bytes of a Part 10 object beside its payload, generously. */
const HEADER_BYTES = 65_536;

/** What holds more comes first: a stream made for one of these fits into all before it. */
const ladder: readonly string[] = [T.hevcMain51, T.h264High42, T.h264High41, T.mpeg2HighLevel];
/** Any size, at any archive, but large; then what has fixed sizes and rates; then what is for short sequences. */
const last: readonly string[] = [T.jpegBaseline, T.h264BluRay41, T.mpeg2MainLevel, T.htj2kLossless, T.htj2k];
const pictures: readonly string[] = [T.jpegBaseline, T.explicitLittleEndian, T.htj2kLossless];

/**
 * What of a destination's list concerns objects of this SOP class: a list of video syntaxes says nothing about stills, nor
 * about rejection notes. Undefined: nothing.
 */
function policyFor(sopClassUid: string, policy: readonly string[] = []): readonly string[] | undefined {
  const own = policy.filter((uid) => isAllowed(sopClassUid, uid));
  return own.length > 0 ? own : undefined;
}

/**
 * Transfer syntaxes that an object may be made anew in, the best first: the destination's own list where it has one; else
 * the same stream in the other encapsulation, then what holds as much or more, then what holds less.
 */
export function fallbackCandidates(instance: Replaceable, policy?: readonly string[]): string[] {
  const { sopClassUid, transferSyntaxUid } = instance;
  const still = sopClasses.get(sopClassUid)?.kind === 'still';
  const all = policyFor(sopClassUid, policy) ?? (still ? pictures : videoOrder(oneFragmentTwin(transferSyntaxUid)));
  return [...new Set(all)].filter((uid) => isAllowed(sopClassUid, uid) && !tooLong(instance, uid));
}

type Replaceable = Pick<
  InstanceCreated,
  'sopClassUid' | 'transferSyntaxUid' | 'numberOfFrames' | 'frameRate' | 'origin'
>;

/** Longest clip that is made anew in HTJ2K. */
export const sequenceSecondsOf = ({ recipe }: InstanceCreated['origin']): number =>
  recipe.dicom.sequenceSeconds ?? SEQUENCE_SECONDS;

/** HTJ2K is for pictures and short sequences: a long clip in it would be a hundred times as large. */
export function tooLong({ numberOfFrames, frameRate, origin }: Replaceable, uid: string): boolean {
  if (transferSyntaxes.get(uid)?.codec !== 'htj2k' || !frameRate) return false;
  return (numberOfFrames * frameRate.den) / frameRate.num > sequenceSecondsOf(origin);
}

function videoOrder(own: string): string[] {
  const at = ladder.indexOf(own);
  const upwards = at < 0 ? [] : ladder.slice(0, at + 1).reverse();
  const rest = ladder.filter((uid) => !upwards.includes(uid));
  return [own, ...upwards, ...rest, ...last].flatMap((uid) => [uid, fragmentableTwin(uid)?.uid ?? uid]);
}

/** Why the object cannot go there as it is, for people; undefined where the configuration has nothing against it. */
export function againstPolicy(
  { sopClassUid, transferSyntaxUid, bytes }: Pick<InstanceCreated, 'sopClassUid' | 'transferSyntaxUid' | 'bytes'>,
  policy: { transferSyntaxes?: readonly string[] | undefined; maxObjectBytes?: number | undefined },
): string | undefined {
  const { maxObjectBytes } = policy;
  const transferSyntaxes = policyFor(sopClassUid, policy.transferSyntaxes);
  if (transferSyntaxes && !transferSyntaxes.includes(transferSyntaxUid)) {
    return `is to get ${named(transferSyntaxes)}, not ${transferSyntaxName(transferSyntaxUid)}`;
  }
  if (maxObjectBytes !== undefined && bytes > maxObjectBytes) {
    return `takes objects of at most ${maxObjectBytes} bytes, this one has ${bytes}`;
  }
  return undefined;
}

export const named = (uids: readonly string[]) => uids.map((uid) => `${transferSyntaxName(uid)} (${uid})`).join(', ');

/**
 * What to ask the transcoder for; undefined for an instance of an older version that does not say where its payload is,
 * and for one that was itself made for a destination: a second generation would only lose more.
 */
export function fallbackRendition(
  instance: InstanceCreated,
  destination: string,
  transferSyntaxUid: string,
  { maxObjectBytes, htj2kRatio }: { maxObjectBytes?: number | undefined; htj2kRatio?: number | undefined },
  reason: string,
): MakeRendition | undefined {
  const { origin, payloadKey: key, payloadBytes: bytes, payloadSha256: sha256, rendition } = instance;
  if (key === undefined || rendition === 'fallback') return undefined;
  const { kind, id, sourceId } = origin;
  const renditionId = deterministicId('fallback', kind, id, sourceId, sha256, destination, transferSyntaxUid);
  return {
    renditionId,
    origin,
    input: { key, bytes, sha256 },
    lossyHistory: instance.lossyHistory ?? [],
    transferSyntaxUid,
    ...(transferSyntaxUid === T.htj2k && htj2kRatio !== undefined ? { ratio: htj2kRatio } : {}),
    ...(maxObjectBytes === undefined ? {} : { maxBytes: Math.max(1, maxObjectBytes - HEADER_BYTES) }),
    destinations: [destination],
    reason,
  };
}
