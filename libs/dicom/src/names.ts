import { inputError } from '@smartbox/kernel';
import { SopClassUid, sopClasses, type SopClass } from './sop-classes.ts';
import { TransferSyntaxUid as T, transferSyntaxes, type TransferSyntax } from './transfer-syntaxes.ts';

/** Letters and digits only, lower case. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

// Keywords of PS3.6 table A-1; with F: fragmentable
const syntaxKeywords: Record<string, string> = {
  ExplicitVRLittleEndian: T.explicitLittleEndian,
  JPEGBaseline8Bit: T.jpegBaseline,
  MPEG2MPML: T.mpeg2MainLevel,
  MPEG2MPMLF: T.mpeg2MainLevelFragmentable,
  MPEG2MPHL: T.mpeg2HighLevel,
  MPEG2MPHLF: T.mpeg2HighLevelFragmentable,
  MPEG4HP41: T.h264High41,
  MPEG4HP41F: T.h264High41Fragmentable,
  MPEG4HP41BD: T.h264BluRay41,
  MPEG4HP41BDF: T.h264BluRay41Fragmentable,
  MPEG4HP422D: T.h264High42,
  MPEG4HP422DF: T.h264High42Fragmentable,
  MPEG4HP423D: T.h264High42For3d,
  MPEG4HP423DF: T.h264High42For3dFragmentable,
  MPEG4HP42STEREO: T.h264Stereo42,
  MPEG4HP42STEREOF: T.h264Stereo42Fragmentable,
  HEVCMP51: T.hevcMain51,
  HEVCM10P51: T.hevcMain10Level51,
  HTJ2KLossless: T.htj2kLossless,
  HTJ2KLosslessRPCL: T.htj2kLosslessRpcl,
  HTJ2K: T.htj2k,
};

const syntaxNames = new Map<string, string>();
for (const { uid, name } of transferSyntaxes.values()) syntaxNames.set(plain(name), uid);
for (const [keyword, uid] of [...Object.entries(T), ...Object.entries(syntaxKeywords)])
  syntaxNames.set(plain(keyword), uid);

const classNames = new Map<string, string>();
for (const { uid, name } of sopClasses.values()) {
  const shorterNames = [/ Storage$/, / Image Storage$/, / Secondary Capture Image Storage$/].map((end) =>
    name.replace(end, ''),
  );
  for (const shorter of [name, ...shorterNames]) classNames.set(plain(shorter), uid);
}
for (const [key, uid] of Object.entries(SopClassUid)) classNames.set(plain(key), uid);

/**
 * A SOP class by UID, name (with or without `Image Storage`), keyword of PS3.6, or SmartBox's own name.
 * @throws SmartBoxError `unknown-sop-class` naming all
 */
export function findSopClass(nameOrUid: string): SopClass {
  const sopClass = sopClasses.get(nameOrUid.trim()) ?? sopClasses.get(classNames.get(plain(nameOrUid)) ?? '');
  if (sopClass) return sopClass;
  const known = [...sopClasses.values()].map((each) => each.name).join(', ');
  throw inputError('unknown-sop-class', `"${nameOrUid}" is no SOP class that SmartBox writes: ${known}`);
}

/**
 * A transfer syntax by UID, the end of a UID (`.102`), name, or keyword of PS3.6.
 * @throws SmartBoxError `unknown-transfer-syntax` naming all
 */
export function findTransferSyntax(nameOrUid: string): TransferSyntax {
  const name = nameOrUid.trim();
  const short = /^\.?(4\.)?(\d{2,3}(\.1)?)$/.exec(name);
  const uid = short ? `1.2.840.10008.1.2.4.${short[2]}` : (syntaxNames.get(plain(name)) ?? name);
  const syntax = transferSyntaxes.get(uid);
  if (syntax) return syntax;
  const known = [...transferSyntaxes.values()].map((each) => `${each.uid} ${each.name}`).join(', ');
  throw inputError('unknown-transfer-syntax', `"${nameOrUid}" is no transfer syntax that SmartBox writes: ${known}`);
}
