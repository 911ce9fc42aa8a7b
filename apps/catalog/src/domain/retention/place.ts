import { Token, Ulid } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';

/** What is removed as one: a source of a clip as it was saved, or an edit or export that was made of it. */
export interface Unit {
  clipId: string;
  sourceId: string;
  what: 'video' | 'edit' | 'export';
  renditionId: string | null;
}

const isUlid = (text: string | null) => Ulid.safeParse(text).success;

/** The folder of a unit in the object store. Whatever else is wrong: it is never a wider one. */
export function folderOf({ clipId, sourceId, what, renditionId }: Unit): string {
  const names = what === 'video' ? renditionId === null : isUlid(renditionId);
  if (!isUlid(clipId) || !Token.safeParse(sourceId).success || !names) {
    const message = `nothing is removed for clip ${clipId}, source ${sourceId}, ${what} ${renditionId ?? ''}: no folder of its own`;
    throw new SmartBoxError({ code: 'retention-place', message, fault: 'ours' });
  }
  const source = `clips/${clipId}/${sourceId}/`;
  return what === 'video' ? source : `${source}renditions/${renditionId}/`;
}

/** Does an object go with its unit? Edits and exports lie in folders within that of their source, and stay. */
export function goesWith(unit: Unit, key: string, films: ReadonlySet<string>): boolean {
  const folder = folderOf(unit);
  if (!key.startsWith(folder)) return false;
  const [within, film = ''] = key.slice(folder.length).split('/');
  return !(unit.what === 'video' && within === 'renditions' && films.has(film));
}

/** Of DICOM objects: the key that a server of ours makes, and nothing else. */
export const isObjectKey = (key: string): boolean => /^instances\/[0-9.]{1,64}\.dcm$/.test(key);
