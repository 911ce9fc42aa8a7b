/**
 * Specific Character Set (0008,0005), PS3.3 section C.12.1.1.2, with code extensions, PS3.5 section 6.1.2.5.
 * Decoding only: what we write is UTF-8.
 */
type Decode = (bytes: Uint8Array) => string;

const decoders = new Map<string, InstanceType<typeof TextDecoder>>();
function by(label: string): Decode {
  return (bytes) => {
    let decoder = decoders.get(label);
    if (!decoder) decoders.set(label, (decoder = new TextDecoder(label)));
    return decoder.decode(bytes);
  };
}
const latin1: Decode = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Nothing declared: ASCII. Servers that declare nothing still send umlauts, so bytes beyond are guessed well. */
const undeclared: Decode = (bytes) => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
};

/** Two-byte sets in G0 (JIS X 0208, 0212) as their EUC-JP form, which sets the high bits. */
const eucJp = by('euc-jp');
const jis0208: Decode = (bytes) => eucJp(bytes.map((byte) => byte | 0x80));
const jis0212: Decode = (bytes) => {
  const out: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) out.push(0x8f, (bytes[i] ?? 0) | 0x80, (bytes[i + 1] ?? 0) | 0x80);
  return eucJp(Uint8Array.from(out));
};
const shiftJis = by('shift_jis');

/** Defined terms without code extensions, tables C.12-2 and C.12-5; with them, table C.12-3 names the same sets. */
const single: Record<string, Decode> = {
  '': undeclared,
  'ISO_IR 6': undeclared,
  'ISO_IR 100': latin1,
  'ISO_IR 101': by('iso-8859-2'),
  'ISO_IR 109': by('iso-8859-3'),
  'ISO_IR 110': by('iso-8859-4'),
  'ISO_IR 144': by('iso-8859-5'),
  'ISO_IR 127': by('iso-8859-6'),
  'ISO_IR 126': by('iso-8859-7'),
  'ISO_IR 138': by('iso-8859-8'),
  'ISO_IR 148': by('iso-8859-9'),
  'ISO_IR 203': by('iso-8859-15'),
  'ISO_IR 13': shiftJis,
  'ISO_IR 166': by('windows-874'),
  'ISO_IR 192': by('utf-8'),
  GB18030: by('gb18030'),
  GBK: by('gbk'),
};

/** What follows an escape sequence, tables C.12-3 and C.12-4. The key is the sequence without ESC. */
const escapes: [sequence: string, decode: Decode][] = [
  ['(B', by('utf-8')], // ISO 646 in G0: ASCII
  ['(J', shiftJis], // ISO-IR 14, JIS X 0201 romaji
  [')I', shiftJis], // ISO-IR 13, JIS X 0201 katakana
  ['-A', latin1],
  ['-B', by('iso-8859-2')],
  ['-C', by('iso-8859-3')],
  ['-D', by('iso-8859-4')],
  ['-L', by('iso-8859-5')],
  ['-G', by('iso-8859-6')],
  ['-F', by('iso-8859-7')],
  ['-H', by('iso-8859-8')],
  ['-M', by('iso-8859-9')],
  ['-b', by('iso-8859-15')],
  ['-T', by('windows-874')],
  ['$B', jis0208],
  ['$(D', jis0212],
  ['$)C', by('euc-kr')],
  ['$)A', by('gb18030')],
];

const ESC = 0x1b;

function singleOf(term: string): Decode {
  return single[term.replace(/^ISO 2022 IR /, 'ISO_IR ')] ?? undeclared;
}

/** Bytes after which the first character set is active again: `^` and `=` of names, `\`, and control characters. */
function resets(byte: number, isName: boolean): boolean {
  if (byte === 0x0a || byte === 0x0c || byte === 0x0d || byte === 0x09 || byte === 0x5c) return true;
  return isName && (byte === 0x5e || byte === 0x3d);
}

function decodeExtended(bytes: Uint8Array, initial: Decode, isName: boolean): string {
  let text = '';
  let active = initial;
  let start = 0;
  let at = 0;
  const flush = (end: number): void => {
    if (end > start) text += active(bytes.subarray(start, end));
  };
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC) {
      const sequence = Buffer.from(bytes.subarray(at + 1, at + 4)).toString('latin1');
      const found = escapes.find(([start]) => sequence.startsWith(start));
      flush(at);
      at += found ? 1 + found[0].length : 1;
      start = at;
      // G1 sets leave ASCII in G0; their decoders read both, so one active decoder is enough.
      if (found) active = found[1];
    } else if (active !== initial && active !== jis0208 && active !== jis0212 && resets(byte, isName)) {
      flush(at);
      start = at;
      active = initial;
      at += 1;
    } else {
      // In a two-byte G0 set every byte belongs to a pair: 0x5c inside is no separator (PS3.5 6.1.2.5.3).
      at += active === jis0208 || active === jis0212 ? 2 : 1;
    }
  }
  flush(bytes.length);
  return text;
}

/**
 * Reads the bytes of a text value under the declared character sets (one term per value of (0008,0005)).
 * `isName`: VR PN, where `^` and `=` switch back to the first set. Padding is left as it is.
 */
export function decodeText(bytes: Uint8Array, characterSets: readonly string[], isName = false): string {
  const first = singleOf(characterSets[0] ?? '');
  const extended = characterSets.some((term) => term.startsWith('ISO 2022')) && bytes.includes(ESC);
  return extended ? decodeExtended(bytes, first, isName) : first(bytes);
}
