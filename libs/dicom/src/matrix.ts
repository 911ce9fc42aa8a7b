import { sopClasses, type SopClass } from './sop-classes.ts';
import { oneFragmentTwin, TransferSyntaxUid as T, transferSyntaxes, type TransferSyntax } from './transfer-syntaxes.ts';

/** May a SOP class be stored in a transfer syntax, and by which rule. */
export interface Pairing {
  allowed: boolean;
  /** What has to hold for an allowed pairing; what forbids it otherwise. With its citation. */
  rule: string;
}

/** One cell of the table of SOP classes and transfer syntaxes. */
export interface MatrixEntry extends Pairing {
  sopClass: string;
  sopClassUid: string;
  transferSyntax: string;
  transferSyntaxUid: string;
}

const holds: Record<string, string> = {
  [T.explicitLittleEndian]: 'uncompressed RGB, 8 bits',
  [T.jpegBaseline]: 'each frame one JPEG of process 1, 8 bits',
  [T.mpeg2MainLevel]: 'Main profile at Main level: 720x480 at 30 or 720x576 at 25 frames/s, whole or as fields',
  [T.mpeg2HighLevel]: 'Main profile at High level: 1080 at 25/30 frames/s, whole or as fields, or 720p at 25/30/50/60',
  [T.h264High41]: 'High profile up to level 4.1 (1080p30, 720p60), MP4 or MPEG-TS',
  [T.h264BluRay41]: 'High profile, 1080i25/29.97, 1080p24 or 720p24/50/59.94, MP4 or MPEG-TS',
  [T.h264High42]: 'High profile up to level 4.2 (1080p60), MP4 or MPEG-TS',
  [T.hevcMain51]: 'Main profile, Main tier up to level 5.1 (2160p60), 8 bits, MP4 or MPEG-TS',
  [T.hevcMain10Level51]: 'Main 10 profile, Main tier up to level 5.1 (2160p60), 10 bits, MP4 or MPEG-TS',
  [T.htj2kLossless]: 'each frame one reversible code stream, 8 bits',
  [T.htj2kLosslessRpcl]: 'each frame one reversible code stream in RPCL order with tile-part lengths, 8 bits',
  [T.htj2k]: 'each frame one code stream, lossy or reversible, 8 bits',
};

function fragments(syntax: TransferSyntax): string {
  if (syntax.layout !== 'stream') return '';
  return syntax.fragmentable ? ', one or more fragments' : ', exactly one fragment of at most 2^32-2 bytes';
}

const twoViews: readonly string[] = [
  T.h264High42For3d,
  T.h264High42For3dFragmentable,
  T.h264Stereo42,
  T.h264Stereo42Fragmentable,
];

/** The rule for one SOP class and one transfer syntax; both have to be ones SmartBox knows. */
export function pairing(sopClass: SopClass, syntax: TransferSyntax): Pairing {
  const allowed = sopClass.transferSyntaxes.includes(syntax.uid);
  return { allowed, rule: allowed ? allowedRule(syntax) : forbiddenRule(sopClass, syntax) };
}

function allowedRule(syntax: TransferSyntax): string {
  const base = syntax.layout === 'stream' ? oneFragmentTwin(syntax.uid) : syntax.uid;
  return `${holds[base] ?? syntax.name}${fragments(syntax)} (${syntax.citation})`;
}

function forbiddenRule(sopClass: SopClass, syntax: TransferSyntax): string {
  if (syntax.layout === 'native') {
    return `native-video: ${sopClass.name} holds many frames, uncompressed they exceed the 4 GiB of a defined length within seconds: use HTJ2K for lossless (PS3.5 7.1.1, A.4)`;
  }
  if (sopClass.kind === 'still') {
    return `single-frame: ${sopClass.name} is one image without Cine and Multi-frame Modules, ${syntax.name} carries video: use a Video SOP class (${sopClass.citation}, PS3.3 C.7.6.6)`;
  }
  if (twoViews.includes(syntax.uid)) {
    return `stereo: ${syntax.name} is for two views, which need Stereo Pairs Present and a second camera; a single view goes to .102 or .104 (PS3.5 8.2.8, 8.2.9)`;
  }
  return `not-offered: ${syntax.name} is not written for ${sopClass.name}`;
}

/** Every SOP class with every transfer syntax, in the order of the tables. */
export function conformanceMatrix(): MatrixEntry[] {
  return [...sopClasses.values()].flatMap((sopClass) =>
    [...transferSyntaxes.values()].map((syntax) => ({
      sopClass: sopClass.name,
      sopClassUid: sopClass.uid,
      transferSyntax: syntax.name,
      transferSyntaxUid: syntax.uid,
      ...pairing(sopClass, syntax),
    })),
  );
}
