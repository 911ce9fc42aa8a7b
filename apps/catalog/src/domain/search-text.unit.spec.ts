import { describe, expect, it } from 'vitest';
import { PIECE, piecesFor, piecesOf, searchText } from './search-text.ts';

describe('the text that is searched', () => {
  it('has no carets, no capitals and a space before every word', () => {
    expect(searchText(['Müller^Anna', 'P-1', null, undefined, 'Knie LINKS'])).toBe(' müller anna p-1 knie links');
    expect(searchText([])).toBe(' ');
  });

  it('is cut into every piece of its words, each once and none over a space', () => {
    expect(piecesOf(' müller anna p-00471 müllers')).toEqual(['müller', 'p-0047', '-00471', 'üllers']);
    expect(piecesOf(' 00000000')).toEqual(['000000']);
    expect(piecesOf(' ab cd')).toEqual([]);
  });
});

describe('the pieces that a word is looked for by', () => {
  it('are its ends, and none where it is too short', () => {
    expect(piecesFor('a2026-000815')).toEqual(['a2026-', '000815']);
    expect(piecesFor('schmidt')).toEqual(['schmid', 'chmidt']);
    expect(piecesFor('müller')).toEqual(['müller']);
    expect(piecesFor('0000000')).toEqual(['000000']);
    expect(piecesFor('anna')).toEqual([]);
    expect(piecesFor('')).toEqual([]);
  });

  it('are in every text that contains the word, wherever in it', () => {
    const text = ' weinstock-müller anna-lena a2026-000815 laparoskopische cholezystektomie 𝒜𝒷𝒸𝒹𝑒𝒻𝑔 %_\\%_\\%';
    const has = new Set(piecesOf(text));
    for (const word of text.trim().split(' ')) {
      const characters = Array.from(word);
      for (let from = 0; from < characters.length; from++) {
        for (let to = from + PIECE; to <= characters.length; to++) {
          const looked = piecesFor(characters.slice(from, to).join(''));
          expect(looked.length).toBeGreaterThan(0);
          expect(looked.filter((piece) => !has.has(piece))).toEqual([]);
        }
      }
    }
  });
});
