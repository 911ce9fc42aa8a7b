import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from './character-set.ts';
import { decodeCommand, encodeCommand } from './command-set.ts';
import { Dataset, Tag, writeDataset } from './dataset.ts';
import { MessageAssembler } from './message-assembler.ts';
import { dataHeader, PduError, PduReader, releasePdu } from './pdu.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian } from './sop-classes.ts';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : Buffer.from(p))));
const fragment = (value: Buffer, command: boolean, last: boolean) =>
  Buffer.concat([dataHeader(1, value.length, command, last), value]);

describe('PDUs', () => {
  it('are found however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 97 })),
        (bodies, cuts) => {
          const stream = Buffer.concat(
            bodies.flatMap((body) => [fragment(Buffer.from(body), false, true), releasePdu(5)]),
          );
          const reader = new PduReader(4096);
          const seen = [];
          for (let at = 0; at < stream.length;) {
            const cut = (cuts.next().value as number | undefined) ?? 1;
            seen.push(...reader.push(stream.subarray(at, at + cut)));
            at += cut;
          }
          expect(seen.map((pdu) => pdu.type)).toEqual(bodies.flatMap(() => [4, 5]));
          const values = seen.filter((pdu) => pdu.type === 4).map((pdu) => pdu.body.subarray(6));
          expect(values).toEqual(bodies.map((body) => Buffer.from(body)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of any nonsense are refused with a reason, never with anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        try {
          const assembler = new MessageAssembler();
          for (const pdu of new PduReader(4096).push(Buffer.from(noise))) assembler.push(pdu.body);
        } catch (error) {
          expect(error instanceof PduError || error instanceof RangeError).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('longer than announced are refused before their bytes come', () => {
    const header = Buffer.from([4, 0, 0x7f, 0xff, 0xff, 0xff]);
    expect(() => [...new PduReader(16_384).push(header)]).toThrow(PduError);
  });
});

describe('messages', () => {
  it('are put together from fragments, and bounded', () => {
    const command = encodeCommand({ commandField: 0x8020, respondedTo: 7, status: 0xff00, hasDataset: true });
    const assembler = new MessageAssembler();
    const push = (value: Buffer, isCommand: boolean, last: boolean) =>
      assembler.push(fragment(value, isCommand, last).subarray(6));
    expect(push(command.subarray(0, 10), true, false)).toEqual([]);
    expect(push(command.subarray(10), true, true)).toEqual([]);
    expect(push(bytes('ab'), false, false)).toEqual([]);
    expect(push(bytes('cd'), false, true)).toMatchObject([
      { dataset: bytes('abcd'), command: { respondedTo: 7, status: 0xff00 } },
    ]);
    expect(() => push(bytes('ab'), false, true)).toThrow(/without a command/);
    const endless = new MessageAssembler();
    const megabyte = fragment(Buffer.alloc(60_000), true, false).subarray(6);
    expect(() => {
      for (let i = 0; i < 3; i++) endless.push(megabyte);
    }).toThrow(/more than/);
  });

  it('round-trip their command', () => {
    const command = {
      commandField: 1,
      messageId: 65_535,
      sopClassUid: '1.2.3',
      sopInstanceUid: '1.2.34',
      priority: 0,
      hasDataset: true,
    };
    expect(decodeCommand(encodeCommand(command))).toEqual(command);
  });
});

describe('text', () => {
  const esc = (sequence: string) => `\x1b${sequence}`;
  it.each<[string, string[], Buffer, string]>([
    ['Latin-1', ['ISO_IR 100'], bytes('M\xfcller^J\xf6rg'), 'Müller^Jörg'],
    ['UTF-8', ['ISO_IR 192'], Buffer.from('Öztürk^Şule'), 'Öztürk^Şule'],
    ['nothing declared, UTF-8', [], Buffer.from('Öztürk'), 'Öztürk'],
    ['nothing declared, Latin-1', [], bytes('M\xfcller'), 'Müller'],
    ['Latin-2', ['ISO_IR 101'], bytes('Wa\xb3\xeasa'), 'Wałęsa'],
    ['Cyrillic (PS3.5 H)', ['ISO_IR 144'], bytes('\xbb\xee\xda\x63\x65'), 'Люкce'],
    ['Greek (PS3.5 H)', ['ISO_IR 126'], bytes('\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2'), 'Διονυσιος'],
    ['Arabic (PS3.5 H)', ['ISO_IR 127'], bytes('\xe2\xc8\xc7\xe6\xea'), 'قباني'],
    // PS3.5 H.3.1, example 1
    [
      'Japanese, kanji by escape',
      ['', 'ISO 2022 IR 87'],
      bytes('Yamada^Tarou=', esc('$B'), ';3ED', esc('(B'), '^', esc('$B'), 'B@O:', esc('(B')),
      'Yamada^Tarou=山田^太郎',
    ],
    // PS3.5 H.3.2, example 2
    [
      'Japanese, katakana first',
      ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
      bytes('\xd4\xcf\xc0\xde^\xc0\xdb\xb3=', esc('$B'), ';3ED', esc('(J'), '^', esc('$B'), 'B@O:', esc('(J')),
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
    ],
    // PS3.5 I.2
    [
      'Korean',
      ['', 'ISO 2022 IR 149'],
      bytes('Hong^Gildong=', esc('$)C'), '\xfb\xf3^', esc('$)C'), '\xd1\xce\xd4\xd7'),
      'Hong^Gildong=洪^吉洞',
    ],
    // PS3.5 K.2
    [
      'Chinese',
      ['', 'ISO 2022 IR 58'],
      bytes('Wang^XiaoDong=', esc('$)A'), '\xcd\xf5^', esc('$)A'), '\xd0\xa1\xb6\xab'),
      'Wang^XiaoDong=王^小东',
    ],
    [
      'German in extended Latin-1',
      ['ISO 2022 IR 6', 'ISO 2022 IR 100'],
      bytes(esc('-A'), 'M\xfcller^', esc('-A'), 'J\xfcrgen'),
      'Müller^Jürgen',
    ],
    ['GB18030', ['GB18030'], bytes('Wang=\xcd\xf5'), 'Wang=王'],
  ])('in %s is read right', (_, sets, value, text) => {
    expect(decodeText(value, sets, true)).toBe(text);
  });

  it('of any bytes never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom(
          [],
          ['ISO_IR 192'],
          ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
          ['', 'ISO 2022 IR 149'],
          ['nonsense'],
        ),
        (value, sets) => {
          expect(typeof decodeText(value, sets, true)).toBe('string');
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('data sets', () => {
  it.each([ExplicitLittleEndian, ImplicitLittleEndian])('round-trip with sequences in %s', (syntax) => {
    const inner = [{ tag: Tag.ScheduledProcedureStepDescription, vr: 'LO', value: 'Prüfung' }];
    const encoded = writeDataset(
      [
        { tag: Tag.ScheduledProcedureStepSequence, vr: 'SQ', value: [inner, []] },
        { tag: Tag.PatientName, vr: 'PN', value: 'Öz^Ü' },
        { tag: Tag.SpecificCharacterSet, vr: 'CS', value: 'ISO_IR 192' },
      ],
      syntax,
    );
    const read = Dataset.read(encoded, syntax);
    expect(read.text(Tag.PatientName, 'name')).toBe('Öz^Ü');
    const items = read.items(Tag.ScheduledProcedureStepSequence);
    expect(items.map((one) => one.text(Tag.ScheduledProcedureStepDescription, 'text'))).toEqual(['Prüfung', undefined]);
  });

  it('with undefined lengths are read, deeply nested ones refused', () => {
    const open = [0x40, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff];
    const close = [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
    const step = [0x40, 0, 7, 0, 4, 0, 0, 0, 0x61, 0x62, 0x63, 0x20];
    const one = Dataset.read(bytes(open, step, close), ImplicitLittleEndian);
    const [item] = one.items(Tag.ScheduledProcedureStepSequence);
    expect(item?.text(Tag.ScheduledProcedureStepDescription)).toBe('abc');
    const deep = bytes(...Array.from({ length: 5000 }, () => open), ...Array.from({ length: 5000 }, () => close));
    expect(() => Dataset.read(deep, ImplicitLittleEndian)).toThrow(/deeper/);
  });

  it('of any nonsense throw a RangeError or are read', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(ExplicitLittleEndian, ImplicitLittleEndian),
        (noise, syntax) => {
          try {
            Dataset.read(Buffer.from(noise), syntax).items(Tag.ScheduledProcedureStepSequence);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
