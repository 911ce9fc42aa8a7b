import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaFaults } from '../../../test/audit-schema.ts';
import { actionsOf, isRead, knownActions, meaningOf } from './actions.ts';
import { atnaFile, atnaMessage } from './atna.ts';
import type { AuditContent } from './chain.ts';

const source = { id: 'smartbox-catalog@or', enterprise: 'Klinikum <Musterstadt> & Söhne' };
const entry = (change: Partial<AuditContent>): AuditContent => ({
  sequence: 7,
  id: '01JD0000000000000000000001',
  at: new Date('2026-11-28T12:34:56.789Z'),
  actor: 'anna.berger',
  action: 'clip.open',
  subject: 'clip/01JD0000000000000000000002',
  outcome: 'success',
  stationId: 'or-1',
  patientId: 'P-4711',
  studyUid: '2.25.1',
  address: '192.0.2.7',
  traceId: null,
  detail: '{"with": "ümläut"}',
  ...change,
});
const message = (change: Partial<AuditContent>) => atnaMessage(entry(change), source);

describe('audit messages', () => {
  it('of every action, with and without a patient, are valid by the schema of the standard', async () => {
    const bare = { stationId: null, patientId: null, studyUid: null, address: null, outcome: 'failure' };
    const all = [...knownActions, 'an.action.of.tomorrow'];
    const messages = all.flatMap((action) => [message({ action }), message({ action, ...bare })]);
    expect(await schemaFaults(messages)).toEqual([]);
    // The schema does find what is wrong.
    expect(await schemaFaults([message({}).replace('UserIsRequestor="true"', '')])).not.toEqual([]);
    expect(await schemaFaults([message({}).replace(/<AuditSourceIdentification.*?<\/AuditSourceIdentification>/, '')])).not.toEqual([]); // prettier-ignore
  });

  it('stay valid whatever people type, and lose none of it', async () => {
    const hostile = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 60, seed: 5 });
    const nasty = [...hostile, '"/><x/>', '<![CDATA[', ']]>', '&#0;', '\u0000\u0007\ud800', '-->'];
    const messages = nasty.map((text) => message({ actor: text, subject: text, detail: JSON.stringify({ text }) }));
    expect(await schemaFaults(messages)).toEqual([]);
    for (const [n, text] of nasty.entries()) {
      const values = [...(messages[n] ?? '').matchAll(/ParticipantObjectDetail type="detail" value="([^"]*)"/g)];
      const detail = Buffer.from(values[0]?.[1] ?? '', 'base64').toString();
      expect((JSON.parse(detail) as { text: string }).text).toBe(text);
    }
  });

  it('say who did what to whom, in the words of PS3.15 A.5.3', () => {
    const opened = message({});
    expect(opened).toContain('EventDateTime="2026-11-28T12:34:56.789Z" EventOutcomeIndicator="0"');
    expect(opened).toContain('csd-code="110103" codeSystemName="DCM" originalText="DICOM Instances Accessed"');
    expect(opened).toContain('UserID="anna.berger" UserIsRequestor="true" NetworkAccessPointID="192.0.2.7" NetworkAccessPointTypeCode="2"'); // prettier-ignore
    expect(opened).toContain('ParticipantObjectID="2.25.1" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3" ParticipantObjectDataLifeCycle="6"'); // prettier-ignore
    expect(opened).toContain('ParticipantObjectID="P-4711" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"'); // prettier-ignore
    const codes = (action: string, change: Partial<AuditContent> = {}) =>
      [...message({ action, ...change }).matchAll(/<Event(?:ID|TypeCode) csd-code="(\d+)"/g)].map(([, code]) => code);
    expect(codes('session.sign-in')).toEqual(['110114', '110122']);
    expect(codes('session.sign-out')).toEqual(['110114', '110123']);
    expect(codes('access.break-glass')).toEqual(['110113', '110127']);
    expect(codes('access.refused')).toEqual(['110113', '110132']);
    expect(codes('account.change')).toEqual(['110113', '110136']);
    expect(codes('system.start')).toEqual(['110100', '110120']);
    expect(codes('dicomweb.retrieve')).toEqual(['110106']);
    expect(codes('dicomweb.search')).toEqual(['110112']);
    expect(codes('audit.export')).toEqual(['110101']);
    expect(message({ action: 'clip.undo' })).toContain('ParticipantObjectDataLifeCycle="14"');
    expect(message({ outcome: 'failure' })).toContain('EventOutcomeIndicator="4"');
  });

  it('come as one file, each on a line of its own', async () => {
    async function* two() {
      yield entry({});
      yield entry({ action: 'clip.undo' });
    }
    let text = '';
    for await (const part of atnaFile(two(), source)) text += part;
    const lines = text.trimEnd().split('\n');
    expect([lines.length, lines[1], lines.at(-1)]).toEqual([5, '<AuditMessages>', '</AuditMessages>']);
    expect(await schemaFaults(lines.slice(2, 4))).toEqual([]);
  });
});

describe('the kinds of actions', () => {
  it('cover each action once', () => {
    const kinds = [...new Set(knownActions.map((action) => meaningOf(action).kind))];
    expect(kinds.flatMap(actionsOf).toSorted()).toEqual([...knownActions].toSorted());
    expect(['clip.open', 'dicomweb.search'].every(isRead)).toBe(true);
    expect(['clip.export.download', 'clip.save', 'unknown'].some(isRead)).toBe(false);
  });
});
