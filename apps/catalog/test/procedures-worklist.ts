import { ProcedureView, WorklistView } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import { ok, type Catalog } from './catalog.ts';
import { item, planned, type ProcedureStage } from './procedure-stage.ts';

/** Procedures out of the worklist and out of a search in the information system. */
export function worklistSpec(stage: ProcedureStage): void {
  let catalog: Catalog;
  let gateway: Messaging;
  beforeAll(() => void ({ catalog, gateway } = stage));

  describe('the worklist', () => {
    it('starts a procedure, and is kept for when the RIS is away', async () => {
      const hostile = '=cmd|/C calc!A0^<img src=x onerror=alert(1)>';
      stage.scheduled = [item('Müller^Änne', 'P-1'), item(hostile, 'P-2')];
      const fresh = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1')));
      expect(fresh).toMatchObject({
        stale: false,
        items: [{ patient: { id: 'P-1' } }, { patient: { name: hostile } }],
      });
      const found = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1&q=m%C3%BCl%20p-1')));
      expect(found.items.map((i) => i.patient.id)).toEqual(['P-1']);

      stage.scheduled = undefined;
      const stale = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1')));
      expect(stale).toMatchObject({ stale: true, asOf: found.asOf, items: [{ patient: { id: 'P-1' } }, {}] });
      expect(stale.reason).toMatch(/find-worklist/);

      const body = { stationId: 'or-1', worklistItemId: item('', 'P-1').itemId };
      const started = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
      expect(started).toMatchObject({
        patient: { name: 'Müller^Änne', id: 'P-1', birthDate: '19600229', sex: 'F' },
        accessionNumber: 'A-P-1',
        description: 'Koloskopie',
        emergency: false,
        version: 1,
      });
      const snapshot = await gateway.call('catalog.get-procedure', { procedureId: started.procedureId });
      expect(snapshot.request).toMatchObject({ ...planned, accessionNumber: 'A-P-1', studyInstanceUid: '1.2.276.0.1' });
      // A second press is the same procedure, not the end of it.
      const again = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
      expect(again.procedureId).toBe(started.procedureId);
    });

    it('is searched in the RIS itself, which is asked anew each time; from what is known while it is away', async () => {
      stage.scheduled = [item('Søndergård^Åse', 'P-77')];
      stage.more = true;
      const search = (query: string) => catalog.send('GET', `/worklist/search?${query}`);
      const asked = 'name=S%C3%B8nder,%20%C3%85&modality=ES&date=2026-12-24&limit=2';
      const found = WorklistView.parse(ok(await search(asked)));
      stage.more = false;
      expect(found).toMatchObject({ stale: false, truncated: true, items: [{ patient: { id: 'P-77' } }] });
      expect(stage.queries.at(-1)).toEqual({ patientName: 'Sønder*^Å*', modality: 'ES', date: '20261224', limit: 2 });
      const body = { stationId: 'or-1', worklistItemId: item('', 'P-77').itemId };
      const started = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
      expect(started.patient).toMatchObject({ name: 'Søndergård^Åse', id: 'P-77' });

      ok(await catalog.send('GET', '/worklist')); // today's, of every room
      stage.scheduled = undefined;
      const known = WorklistView.parse(ok(await search('name=s%C3%B8nder')));
      expect(known).toMatchObject({
        stale: true,
        asOf: expect.any(String) as string,
        items: [{ patient: { id: 'P-77' } }],
      });
      expect(known.reason).toMatch(/find-worklist/);
      expect(WorklistView.parse(ok(await search('name=nobody'))).items).toEqual([]);
      const otherDay = WorklistView.parse(ok(await search('name=s%C3%B8nder&date=2026-12-24')));
      expect(otherDay).toMatchObject({ stale: true, items: [] });
      expect(otherDay).not.toHaveProperty('asOf');

      const before = stage.queries.length;
      for (const wrong of ['', 'limit=5', 'name=a%5Cb', 'accession=12345678901234567', 'date=today'])
        expect((await search(wrong)).status, wrong).toBe(400);
      expect(stage.queries.length).toBe(before);
      stage.scheduled = [];
    });
  });
}
