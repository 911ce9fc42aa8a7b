import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { RenditionReady, SegmentFile } from '@smartbox/contracts';
import type { Objects } from './ports.ts';

/** Uploads side by side: a segment is small, its read-back is mostly waiting. */
const PARALLEL = 6;
const TYPES: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mp4': 'video/mp4',
  '.m4s': 'video/iso.segment',
};

/** Every file of a film in segments as an object of its own below `into`; the list of them, written last, beside them. */
export async function keepSegments(
  objects: Objects,
  folder: string,
  into: string,
  signal: AbortSignal,
): Promise<NonNullable<RenditionReady['segments']>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name))); // prettier-ignore
  const waiting = paths.toSorted().values();
  const files: SegmentFile[] = [];
  const upload = async (): Promise<void> => {
    for (const path of waiting) {
      signal.throwIfAborted();
      const contentType = TYPES[extname(path)] ?? 'application/octet-stream';
      const stored = await objects.putFile(`${into}/${path}`, join(folder, path), contentType);
      files.push({ path, contentType, ...stored });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, upload));
  const listKey = `${into}/files.json`;
  await objects.putJson(
    listKey,
    files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { listKey, playlist: 'master.m3u8', files: files.length, bytes };
}
