import { TransferSyntaxUid as T, transferSyntaxes } from './transfer-syntaxes.ts';

/** The SOP classes SmartBox writes, PS3.6 table A-1. */
export const SopClassUid = {
  videoEndoscopic: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
  videoMicroscopic: '1.2.840.10008.5.1.4.1.1.77.1.2.1',
  videoPhotographic: '1.2.840.10008.5.1.4.1.1.77.1.4.1',
  multiFrameTrueColorSecondaryCapture: '1.2.840.10008.5.1.4.1.1.7.4',
  vlEndoscopic: '1.2.840.10008.5.1.4.1.1.77.1.1',
  vlMicroscopic: '1.2.840.10008.5.1.4.1.1.77.1.2',
  vlPhotographic: '1.2.840.10008.5.1.4.1.1.77.1.4',
} as const;

export type SopClassName = keyof typeof SopClassUid;
export type Modality = 'ES' | 'GM' | 'XC' | 'OT';

/** One SOP class as data: its IOD, its modality, and the transfer syntaxes it may be stored in. */
export interface SopClass {
  uid: string;
  name: string;
  /** `video`: PS3.3 A.32.5 to A.32.7; `still`: A.32.1 to A.32.4; `secondary-capture`: A.8.5. */
  kind: 'video' | 'still' | 'secondary-capture';
  modality: Modality;
  /** Allowed transfer syntax UIDs, the preferred one first. */
  transferSyntaxes: readonly string[];
  citation: string;
}

// PS3.5 section 10 allows any syntax whose photometric interpretation the IOD allows; 3D and stereo need the
// Stereo Pairs Present attribute and two cameras, which SmartBox does not record, so they are not offered.
const notOffered = new Set<string>([
  T.h264High42For3d,
  T.h264High42For3dFragmentable,
  T.h264Stereo42,
  T.h264Stereo42Fragmentable,
]);
const streams = [...transferSyntaxes.values()].filter((t) => t.layout === 'stream' && !notOffered.has(t.uid));
const frames: readonly string[] = [T.jpegBaseline, T.htj2kLossless, T.htj2kLosslessRpcl, T.htj2k];
const multiFrame = [...streams.map((each) => each.uid), ...frames];
const single = [...frames, T.explicitLittleEndian];

const all: SopClass[] = [
  {
    uid: SopClassUid.videoEndoscopic,
    name: 'Video Endoscopic Image Storage',
    kind: 'video',
    modality: 'ES',
    transferSyntaxes: multiFrame,
    citation: 'PS3.3 A.32.5',
  },
  {
    uid: SopClassUid.videoMicroscopic,
    name: 'Video Microscopic Image Storage',
    kind: 'video',
    modality: 'GM',
    transferSyntaxes: multiFrame,
    citation: 'PS3.3 A.32.6',
  },
  {
    uid: SopClassUid.videoPhotographic,
    name: 'Video Photographic Image Storage',
    kind: 'video',
    modality: 'XC',
    transferSyntaxes: multiFrame,
    citation: 'PS3.3 A.32.7',
  },
  {
    uid: SopClassUid.multiFrameTrueColorSecondaryCapture,
    name: 'Multi-frame True Color Secondary Capture Image Storage',
    kind: 'secondary-capture',
    modality: 'OT',
    transferSyntaxes: multiFrame,
    citation: 'PS3.3 A.8.5',
  },
  {
    uid: SopClassUid.vlEndoscopic,
    name: 'VL Endoscopic Image Storage',
    kind: 'still',
    modality: 'ES',
    transferSyntaxes: single,
    citation: 'PS3.3 A.32.1',
  },
  {
    uid: SopClassUid.vlMicroscopic,
    name: 'VL Microscopic Image Storage',
    kind: 'still',
    modality: 'GM',
    transferSyntaxes: single,
    citation: 'PS3.3 A.32.2',
  },
  {
    uid: SopClassUid.vlPhotographic,
    name: 'VL Photographic Image Storage',
    kind: 'still',
    modality: 'XC',
    transferSyntaxes: single,
    citation: 'PS3.3 A.32.4',
  },
];

/** Every SOP class SmartBox writes, by UID. */
export const sopClasses: ReadonlyMap<string, SopClass> = new Map(all.map((each) => [each.uid, each]));

/** May this SOP class be stored in this transfer syntax? */
export function isAllowed(sopClassUid: string, transferSyntaxUid: string): boolean {
  return sopClasses.get(sopClassUid)?.transferSyntaxes.includes(transferSyntaxUid) ?? false;
}

/** The still class of the same specialty as a video class: what a snapshot taken during that video is stored as. */
export function stillClassOf(videoClassUid: string): string | undefined {
  switch (videoClassUid) {
    case SopClassUid.videoEndoscopic:
      return SopClassUid.vlEndoscopic;
    case SopClassUid.videoMicroscopic:
      return SopClassUid.vlMicroscopic;
    case SopClassUid.videoPhotographic:
      return SopClassUid.vlPhotographic;
    default:
      return undefined;
  }
}
