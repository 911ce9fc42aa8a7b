import { readMovie } from '@smartbox/recording/mp4';
import { openBytes } from '../../bytes/byte-source.ts';
import { scanSource } from './scan-index.ts';
import type { SourceIndex } from './source-index.ts';
import { tableIndex } from './table-index.ts';

/**
 * Finds every frame of a file. Of an MP4 only the tables are read, near or far; any other file is read through once
 * (and decoded, where its packets do not tell).
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `damaged`, `cancelled`.
 */
export async function indexSource(path: string, signal?: AbortSignal): Promise<SourceIndex> {
  return (await indexTables(path, signal)) ?? scanSource(path, signal);
}

/** The same of an MP4 whose tables tell it all; undefined for any other file. */
export async function indexTables(path: string, signal?: AbortSignal): Promise<SourceIndex | undefined> {
  const bytes = await openBytes(path, signal);
  try {
    const movie = bytes && (await readMovie(bytes));
    return bytes && movie && (await tableIndex(path, movie, bytes));
  } finally {
    await bytes?.close();
  }
}
