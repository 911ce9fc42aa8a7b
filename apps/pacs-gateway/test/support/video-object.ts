import { deterministicUid } from '@smartbox/kernel';
import { type ElementToWrite, ExplicitLittleEndian, writeDataset } from '@smartbox/dimse';

/** Tags of the test object, PS3.6. */
const T = {
  SpecificCharacterSet: 0x00080005,
  SOPClassUID: 0x00080016,
  SOPInstanceUID: 0x00080018,
  Modality: 0x00080060,
  PatientName: 0x00100010,
  PatientID: 0x00100020,
  StudyInstanceUID: 0x0020000d,
  SeriesInstanceUID: 0x0020000e,
  NumberOfFrames: 0x00280008,
} as const;

export interface VideoObject {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  /** Preamble, prefix and file meta information. */
  meta: Buffer;
  /** Bytes of the data set. */
  size: number;
  /** The data set, in chunks; the same bytes each time. */
  read: () => Generator<Buffer>;
}

const MAX_FRAGMENT = 2 ** 32 - 2;

function itemHeader(tag: number, length: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt16LE(tag, 2);
  header.writeUInt32LE(length, 4);
  return header;
}

/** A video object of any size whose payload is made as it is read: what it looks like inside is of no matter here. */
export function videoObject(
  payloadBytes: number,
  seed: string,
  transferSyntaxUid = '1.2.840.10008.1.2.4.102',
): VideoObject {
  const uid = (what: string) => deterministicUid(what, seed);
  const sopClassUid = '1.2.840.10008.5.1.4.1.1.77.1.1.1';
  const [sopInstanceUid, studyInstanceUid, seriesInstanceUid] = [uid('i'), uid('t'), uid('s')];
  const elements: ElementToWrite[] = [
    { tag: T.SpecificCharacterSet, vr: 'CS', value: 'ISO_IR 192' },
    { tag: T.SOPClassUID, vr: 'UI', value: sopClassUid },
    { tag: T.SOPInstanceUID, vr: 'UI', value: sopInstanceUid },
    { tag: T.Modality, vr: 'CS', value: 'ES' },
    { tag: T.PatientName, vr: 'PN', value: 'Müller^Jürgen' },
    { tag: T.PatientID, vr: 'LO', value: 'P-1' },
    { tag: T.StudyInstanceUID, vr: 'UI', value: studyInstanceUid },
    { tag: T.SeriesInstanceUID, vr: 'UI', value: seriesInstanceUid },
    { tag: T.NumberOfFrames, vr: 'IS', value: '10' },
  ];
  const pixelData = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]); // (7FE0,0010) OB
  const head = Buffer.concat([writeDataset(elements, ExplicitLittleEndian), pixelData, itemHeader(0xe000, 0)]);
  const tail = itemHeader(0xe0dd, 0);
  const fragments: number[] = [];
  for (let left = payloadBytes + (payloadBytes % 2); left > 0; left -= MAX_FRAGMENT)
    fragments.push(Math.min(left, MAX_FRAGMENT));
  const size = head.length + fragments.reduce((sum, length) => sum + 8 + length, 0) + tail.length;

  const pattern = Buffer.alloc(65_536);
  for (let i = 0; i < pattern.length; i++) pattern[i] = (i * 31 + (i >> 8) * 7 + seed.length) & 0xff;
  function* read(): Generator<Buffer> {
    yield head;
    for (const length of fragments) {
      yield itemHeader(0xe000, length);
      for (let at = 0; at < length; at += pattern.length)
        yield pattern.subarray(0, Math.min(pattern.length, length - at));
    }
    yield tail;
  }

  const metaElements = writeDataset(
    [
      { tag: 0x00020001, vr: 'OB', value: '\0\x01' },
      { tag: 0x00020002, vr: 'UI', value: sopClassUid },
      { tag: 0x00020003, vr: 'UI', value: sopInstanceUid },
      { tag: 0x00020010, vr: 'UI', value: transferSyntaxUid },
      { tag: 0x00020012, vr: 'UI', value: '2.25.1' },
    ],
    ExplicitLittleEndian,
  );
  const groupLength = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0, 0, 0, 0, 0]);
  groupLength.writeUInt32LE(metaElements.length, 8);
  const meta = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, metaElements]);
  return { sopClassUid, sopInstanceUid, transferSyntaxUid, studyInstanceUid, seriesInstanceUid, meta, size, read };
}
