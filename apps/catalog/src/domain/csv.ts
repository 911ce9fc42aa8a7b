import type { ClipView } from '@smartbox/contracts';

type Column = [title: string, value: (clip: ClipView) => string | number | boolean | undefined];
const columns: Column[] = [
  ['clipId', (c) => c.clipId],
  ['kind', (c) => c.kind],
  ['state', (c) => c.state],
  ['station', (c) => c.stationId],
  ['patientName', (c) => c.patient.name],
  ['patientId', (c) => c.patient.id],
  ['description', (c) => c.description],
  ['requestedAt', (c) => c.requestedAt],
  ['savedAt', (c) => c.savedAt],
  ['seconds', (c) => (c.savedMs === undefined ? undefined : c.savedMs / 1000)],
  ['bytes', (c) => c.bytes],
  ['gaps', (c) => c.gaps],
  ['keep', (c) => c.keep],
  ['failure', (c) => c.failure?.reason],
];

/** One cell: quoted where needed; text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csvCell(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const harmless = /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n;]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** RFC 4180 with a byte order mark, so that spreadsheets read it as UTF-8. */
export async function* csvOf(
  clips: AsyncIterable<ClipView>,
  shown: (clip: ClipView) => ClipView = (clip) => clip,
): AsyncGenerator<string> {
  yield `\ufeff${columns.map(([title]) => title).join(',')}\r\n`;
  for await (const clip of clips) yield `${columns.map(([, value]) => csvCell(value(shown(clip)))).join(',')}\r\n`;
}
