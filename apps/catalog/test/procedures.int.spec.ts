import { buckets, ClipView, ProcedureEntry, ProcedureView, StationProcedure } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import { drained, ok, startEmergency, tell, type Catalog } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';
import { item, ProcedureStage } from './procedure-stage.ts';
import { consentSpec } from './procedures-consent.ts';
import { reassignSpec } from './procedures-reassign.ts';
import { worklistSpec } from './procedures-worklist.ts';

const stage = new ProcedureStage();
let catalog: Catalog;
let gateway: Messaging;
beforeAll(() => void ({ catalog, gateway } = stage));

worklistSpec(stage);

describe('procedures', () => {
  it('show how far the information system was told, asked of the gateway; of no procedure that is not there', async () => {
    const { procedureId } = await startEmergency(catalog);
    const step = { sopInstanceUid: '2.25.1', state: 'in-progress' as const };
    const server = gateway.serve('pacs-gateway.get-procedure-step', () => ({ configured: true, step }));
    await gateway.flush();
    expect(ok(await catalog.send('GET', `/procedures/${procedureId}/step`))).toEqual({ configured: true, step });
    expect((await catalog.send('GET', `/procedures/${newId()}/step`)).status).toBe(404);
    await server.close();
    expect((await catalog.send('GET', `/procedures/${procedureId}/step`)).status).toBe(503);
  });

  it('end the one before, and say so in order: events, then the KV entries', async () => {
    const first = await startEmergency(catalog);
    const second = await startEmergency(catalog);
    expect(second.patient.id).not.toBe(first.patient.id);
    expect(second.patient).toMatchObject({ name: expect.stringMatching(/^Notfall\^OR 1\^\d{4}$/) as string });
    expect(second.patient.id).toMatch(/^NOTFALL-\d{8}-\d+$/);
    await drained(catalog);
    const told = await stage.stored(['catalog.procedure.started', 'catalog.procedure.ended']);
    const about = told.map((e) => [e.name, (e.event?.data as { procedureId: string }).procedureId]);
    expect(about.slice(-3)).toEqual([
      ['catalog.procedure.started', first.procedureId],
      ['catalog.procedure.ended', first.procedureId],
      ['catalog.procedure.started', second.procedureId],
    ]);
    expect(JSON.stringify(told)).not.toContain('NOTFALL');
    const running = await (await gateway.kv(buckets.procedures.name, StationProcedure)).get('station.or-1');
    expect(running?.value.procedureId).toBe(second.procedureId);
    const entries = await gateway.kv(buckets.procedures.name, ProcedureEntry);
    expect((await entries.get(`procedure.${first.procedureId}`))?.value.endedAt).toBeDefined();

    const ended = ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${second.procedureId}/end`)));
    expect(ended.endedAt).toBeDefined();
    const twice = ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${second.procedureId}/end`)));
    expect(twice.endedAt).toBe(ended.endedAt);
    await drained(catalog);
    const free = await (await gateway.kv(buckets.procedures.name, StationProcedure)).get('station.or-1');
    expect(free?.value.procedureId).toBeNull();
  });

  it('are corrected: a new version and study, the clips carry the right patient, the dicomizer is told', async () => {
    const procedure = await startEmergency(catalog);
    const { procedureId } = procedure;
    const clipId = newId();
    await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' });
    const before = await gateway.call('catalog.get-procedure', { procedureId });
    await catalog.applied(
      await tell(catalog.config, eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId })),
    );
    const sent = ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`)));
    expect(sent.state).toBe('archived');

    const change = { worklistItemId: item('', 'P-1').itemId, reason: 'identified' };
    const corrected = ProcedureView.parse(ok(await catalog.send('PATCH', `/procedures/${procedureId}`, change)));
    expect(corrected).toMatchObject({ version: 2, emergency: false, patient: { id: 'P-1' } });
    const after = await gateway.call('catalog.get-procedure', { procedureId });
    expect([before.version, after.version]).toEqual([1, 2]);
    expect(after.study.studyInstanceUid).toBe('1.2.276.0.1');
    expect(before.study.studyInstanceUid).not.toBe(after.study.studyInstanceUid);

    const clip = ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`)));
    expect(clip.patient.id).toBe('P-1');
    // The archive holds objects of the wrong patient: that is not "archived".
    expect(clip.state).toBe('prepared');
    await drained(catalog);
    const [told] = (await stage.stored(['catalog.procedure.corrected'])).slice(-1);
    expect(told?.event?.data).toEqual({ procedureId, stationId: 'or-1', version: 2 });
    const audits = await catalog.database.prisma.auditEntry.findMany({
      where: { subject: `procedure/${procedureId}` },
    });
    expect(audits.map((a) => a.action)).toContain('procedure.correct');

    const renewed = eventsOfClip({
      clipId,
      sources: ['cam-a'],
      destinations: ['pacs'],
      procedureId,
      procedureVersion: 2,
    });
    const anew = renewed.filter((e) => e.name === 'dicomizer.instance.created' || e.name.startsWith('pacs-gateway'));
    const fresh = anew.map((e) => ({ ...e, id: `${e.id}/v2` }));
    await catalog.applied(await tell(catalog.config, fresh));
    expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).state).toBe('archived');
  });
});

reassignSpec(stage);
consentSpec(stage);
