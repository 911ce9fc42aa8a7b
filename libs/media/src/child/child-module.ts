import { fileURLToPath } from 'node:url';

/**
 * The path of a worker module beside the caller: `childModule(import.meta.url, '../worker/encode')` is
 * `.../worker/encode.ts` when the caller runs from source and `.../worker/encode.js` when it runs from `dist/`.
 */
export function childModule(callerUrl: string, relative: string): string {
  const base = relative.replace(/\.(ts|js)$/, '');
  const extension = new URL(callerUrl).pathname.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(base + extension, callerUrl));
}
