import { SmartBoxError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import { framePayloads, streamPayload } from './check-payload.ts';
import { Findings, type Finding } from './findings.ts';
import { number, readPart10, text, type ParsedPart10 } from './part10-reader.ts';
import { openPayload, readEncapsulation, type Encapsulation } from './payload.ts';
import { isAllowed, sopClasses } from './sop-classes.ts';
import { transferSyntaxes, type TransferSyntax } from './transfer-syntaxes.ts';

export type { Finding } from './findings.ts';

/**
 * Structural check of an object and its encapsulated Pixel Data: empty offset table, one-fragment rule, even lengths,
 * sequence delimiter, nothing cut off, nothing behind, and that the payload is what the transfer syntax says.
 * Reads headers only. An object that cannot be read at all is a finding, not an exception.
 */
export async function checkEncapsulation(source: ByteSource): Promise<Finding[]> {
  const findings = new Findings();
  try {
    const parsed = await readPart10(source);
    const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
    identity(parsed, findings);
    if (!syntax) {
      findings.error(
        'unknown-transfer-syntax',
        `Transfer syntax ${parsed.transferSyntaxUid} is not one SmartBox knows`,
        'PS3.6 A',
      );
    } else if (syntax.layout === 'native') {
      findings.unless(
        parsed.pixelData?.length !== undefined,
        'undefined-length',
        'Native Pixel Data has no length',
        'PS3.5 A.2',
      );
      await readEncapsulation(source, parsed);
    } else {
      await encapsulated(source, parsed, syntax, findings);
    }
  } catch (error) {
    if (!(error instanceof SmartBoxError) || error.fault !== 'input') throw error;
    findings.error(error.code, error.message, 'PS3.5 A.4');
  }
  return findings.list;
}

function identity(parsed: ParsedPart10, findings: Findings): void {
  const { meta, dataset, sopClassUid, sopInstanceUid, transferSyntaxUid } = parsed;
  const same = (left: string, right: string) => text(meta, left) === text(dataset, right);
  findings.unless(
    same('MediaStorageSOPClassUID', 'SOPClassUID') && same('MediaStorageSOPInstanceUID', 'SOPInstanceUID'),
    'identity-mismatch',
    'File Meta Information names another SOP class or instance than the data set',
    'PS3.10 7.1',
  );
  findings.unless(/^[0-9.]{1,64}$/.test(sopInstanceUid), 'invalid-uid', 'SOP Instance UID is no UID', 'PS3.5 9.1');
  if (sopClasses.has(sopClassUid)) {
    const allowed = isAllowed(sopClassUid, transferSyntaxUid);
    findings.unless(
      allowed,
      'syntax-not-allowed',
      `${transferSyntaxUid} is not used for SOP class ${sopClassUid}`,
      'PS3.5 10',
    );
  }
}

async function encapsulated(
  source: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  findings: Findings,
): Promise<void> {
  const { pixelData } = parsed;
  if (!pixelData || pixelData.length !== undefined) {
    findings.error('not-encapsulated', 'Pixel Data has no undefined length', 'PS3.5 A.4');
    return;
  }
  findings.unless(
    pixelData.vr === 'OB',
    'pixel-data-vr',
    `Encapsulated Pixel Data is OB, this is ${pixelData.vr}`,
    'PS3.5 A.4',
  );
  const items = await readEncapsulation(source, parsed);
  findings.unless(
    items.delimited,
    'no-sequence-delimiter',
    'Pixel Data ends without a Sequence Delimitation Item',
    'PS3.5 A.4',
  );
  findings.unless(
    items.offsetTable !== undefined,
    'no-offset-table',
    'The Basic Offset Table item is missing',
    'PS3.5 A.4',
  );
  findings.unless(items.fragments.length > 0, 'no-fragments', 'Pixel Data has no fragment', 'PS3.5 A.4');
  for (const each of items.fragments) {
    if (each.length % 2 === 0 && each.length > 0) continue;
    findings.error(
      'fragment-length',
      `The fragment at byte ${each.offset} has ${each.length} bytes: not even, or none`,
      'PS3.5 A.4',
    );
    break;
  }
  if (items.end !== source.size) {
    const tag = Buffer.from(await source.read(items.end, 4)).toString('hex');
    // Data Set Trailing Padding (FFFC,FFFC), PS3.10 7.2
    findings.unless(
      tag === 'fcfffcff',
      'trailing-bytes',
      `${source.size - items.end} bytes follow Pixel Data`,
      'PS3.10 7.2',
    );
  }
  const frames = number(parsed.dataset, 'NumberOfFrames') ?? 1;
  if (items.fragments.length === 0) return;
  if (syntax.layout === 'stream') await stream(source, parsed, syntax, items, frames, findings);
  else {
    await separateFrames(source, items, frames, findings);
    await framePayloads(source, parsed, syntax, items, frames, findings);
  }
}

async function stream(
  source: ByteSource,
  parsed: ParsedPart10,
  syntax: TransferSyntax,
  items: Encapsulation,
  frames: number,
  findings: Findings,
): Promise<void> {
  const table = items.offsetTable?.length ?? 0;
  findings.unless(
    table === 0,
    'offset-table-not-empty',
    `The Basic Offset Table of a video has ${table} bytes`,
    'PS3.5 A.4.5 to A.4.8',
  );
  const one = syntax.fragmentable || items.fragments.length === 1;
  findings.unless(
    one,
    'one-fragment',
    `${syntax.name} has ${items.fragments.length} fragments`,
    'PS3.5 A.4.5 to A.4.8',
  );
  await streamPayload(await openPayload(source, parsed, items), parsed, syntax, frames, findings);
}

async function separateFrames(
  source: ByteSource,
  items: Encapsulation,
  frames: number,
  findings: Findings,
): Promise<void> {
  const { offsetTable, fragments } = items;
  const fewer = `${fragments.length} fragments cannot hold ${frames} frames`;
  findings.unless(fragments.length >= frames, 'frame-count', fewer, 'PS3.5 A.4');
  if (!offsetTable || offsetTable.length === 0) return;
  const entries = offsetTable.length / 4;
  findings.unless(
    entries === frames,
    'offset-table',
    `The Basic Offset Table has ${entries} entries for ${frames} frames`,
    'PS3.5 A.4',
  );
  const bytes = Buffer.from(await source.read(offsetTable.offset, offsetTable.length));
  const base = offsetTable.offset + offsetTable.length;
  const starts = new Set(fragments.map((each) => each.offset - 8 - base));
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const offset = bytes.readUInt32LE(at);
    if (starts.has(offset)) continue;
    findings.error(
      'offset-table',
      `Entry ${at / 4} of the Basic Offset Table points to ${offset}, where no item is`,
      'PS3.5 A.4',
    );
    break;
  }
}
