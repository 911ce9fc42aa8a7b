/** Characters of one piece. Six are so many that few rows have a piece by chance, also one of a number. */
export const PIECE = 6;

/** Names without their carets, everything lower-case, a space before every word: what the free search looks through. */
export const searchText = (parts: readonly (string | null | undefined)[]): string =>
  ` ${parts
    .filter((part) => part != null)
    .join(' ')
    .replaceAll('^', ' ')
    .toLowerCase()}`;

/** Every piece of every word, each once. A word that is looked for has no space in it, so neither has a piece. */
export const piecesOf = (search: string): string[] => [...new Set(search.split(' ').flatMap(pieces))];

/**
 * Pieces that a text has to have to contain this word, wherever in a word of its own: its first and its last. More of
 * them find nothing less, and each costs PostgreSQL as much again. None: the word is too short, and its trigrams have
 * to do.
 */
export function piecesFor(word: string): string[] {
  const all = pieces(word);
  return [...new Set([...all.slice(0, 1), ...all.slice(-1)])];
}

/** By code points, as PostgreSQL counts. */
function pieces(word: string): string[] {
  const characters = Array.from(word);
  const count = Math.max(0, characters.length - PIECE + 1);
  return Array.from({ length: count }, (_, at) => characters.slice(at, at + PIECE).join(''));
}
