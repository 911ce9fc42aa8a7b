import { z } from 'zod';

/** What a Store Instances Response says about one instance, PS3.18 section I.2.2 (formerly 10.5.3). */
export type StoreReport =
  /** In the Referenced SOP Sequence; with a Warning Reason where there is one. */
  | { kind: 'stored'; warningReason?: number }
  /** In the Failed SOP Sequence. */
  | { kind: 'failed'; failureReason: number | undefined }
  /** Neither, or nothing that can be read. */
  | { kind: 'unreadable' };

const Tag = {
  referencedSopSequence: '00081199',
  failedSopSequence: '00081198',
  otherFailuresSequence: '0008119A',
  referencedSopInstanceUid: '00081155',
  failureReason: '00081197',
  warningReason: '00081196',
} as const;

/** A dataset of the DICOM JSON model (PS3.18 annex F), as far as it is of interest. */
interface Node {
  [tag: string]: { Value?: readonly unknown[] | undefined };
}
const Node: z.ZodType<Node> = z.record(z.string(), z.looseObject({ Value: z.array(z.unknown()).optional() }));

/** Reads DICOM JSON or the Native DICOM Model (PS3.19 annex A.1), whichever it is. */
export function readStoreResponse(body: Buffer, sopInstanceUid: string): StoreReport {
  const text = body.toString('utf8').trim();
  const node = text.startsWith('<') ? fromXml(text) : fromJson(text);
  if (!node) return { kind: 'unreadable' };
  const failures = [...items(node, Tag.failedSopSequence), ...items(node, Tag.otherFailuresSequence)];
  const stored = items(node, Tag.referencedSopSequence);
  const isOurs = (item: Node): boolean => {
    const uid = item[Tag.referencedSopInstanceUid]?.Value?.[0];
    return uid === undefined || uid === sopInstanceUid; // one instance was sent: an item without a name means that one
  };
  const failed = failures.find(isOurs);
  if (failed) return { kind: 'failed', failureReason: integer(failed, Tag.failureReason) };
  const found = stored.find(isOurs);
  if (!found) return { kind: 'unreadable' };
  const warningReason = integer(found, Tag.warningReason);
  return { kind: 'stored', ...(warningReason === undefined ? {} : { warningReason }) };
}

function items(node: Node, tag: string): Node[] {
  return (node[tag]?.Value ?? []).flatMap((item) => {
    const parsed = Node.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

function integer(node: Node, tag: string): number | undefined {
  const value = Number(node[tag]?.Value?.[0] ?? NaN);
  return Number.isInteger(value) ? value : undefined;
}

/** Some servers wrap the one dataset in an array. */
function fromJson(text: string): Node | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = Node.safeParse(Array.isArray(value) ? value[0] : value);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Elements only: DicomAttribute, Item and Value are all there is in these answers. Bounded by the answer's size. */
function fromXml(xml: string): Node | undefined {
  interface Open {
    name: string;
    tag: string;
    values: unknown[];
    node: Node;
    textFrom: number;
  }
  const root: Open = { name: '', tag: '', values: [], node: {}, textFrom: 0 };
  const stack = [root];
  for (const match of xml.matchAll(/<(\/?)(?:\w+:)?(\w+)((?:\s+[\w:]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g)) {
    const [whole, closing, name = '', attributes = '', empty] = match;
    const tag = /\btag\s*=\s*["']([0-9A-Fa-f]{8})["']/.exec(attributes)?.[1]?.toUpperCase() ?? '';
    if (!closing) stack.push({ name, tag, values: [], node: {}, textFrom: match.index + whole.length });
    if (!closing && !empty) continue;
    const done = stack.pop();
    const parent = stack.at(-1);
    if (!done || !parent || done.name !== name) return undefined;
    if (name === 'DicomAttribute') parent.node[done.tag] = { Value: done.values };
    else if (name === 'Item') parent.values.push(done.node);
    else if (name === 'Value') parent.values.push(xml.slice(done.textFrom, match.index).trim());
    else Object.assign(parent.node, done.node);
  }
  return stack.length === 1 && Object.keys(root.node).length > 0 ? root.node : undefined;
}
