import { ProcedureView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import { ok, tell, type Catalog } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';
import type { ProcedureStage } from './procedure-stage.ts';

/** What the patient agreed to. */
export function consentSpec(stage: ProcedureStage): void {
  let catalog: Catalog;
  let gateway: Messaging;
  beforeAll(() => void ({ catalog, gateway } = stage));

  describe('consent', () => {
    it('is set in one call, carried by the clips, audited; withheld destinations get nothing', async () => {
      const start = { stationId: 'or-1', emergency: {}, recipe: 'strict' };
      const { procedureId, consent } = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', start), 201));
      expect(consent).toEqual({ state: 'unknown' });
      const clipId = newId();
      const [saved] = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId });
      if (saved) await catalog.applied(await tell(catalog.config, [saved]));
      const say = async (body: object) =>
        ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, body)));
      const snapshot = () => gateway.call('catalog.get-procedure', { procedureId });
      expect((await snapshot()).withheld).toEqual(['teaching']);

      const given = await say({ state: 'given', setAt: 'room' });
      expect(given.consent).toMatchObject({ state: 'given', by: 'local' });
      expect((await snapshot()).withheld).toBeUndefined();
      expect(await say({ state: 'given', setAt: 'room' })).toEqual(given);
      expect(ok(await catalog.send('GET', `/clips/${clipId}`))).toMatchObject({ consent: 'given' });

      await say({ state: 'withdrawn', setAt: 'desk', reason: 'am Telefon' });
      expect(ok(await catalog.send('GET', `/clips/${clipId}`))).toMatchObject({ consent: 'withdrawn' });
      const audit = ok(await catalog.send('GET', `/clips/${clipId}/audit`)) as {
        items: { action: string; detail: Record<string, unknown> }[];
      };
      expect(audit.items.filter(({ action }) => action === 'procedure.consent').map(({ detail }) => detail)).toEqual([
        { setAt: 'desk', reason: 'am Telefon', from: 'given', to: 'withdrawn' },
        { setAt: 'room', from: 'unknown', to: 'given' },
      ]);
    });

    it('refused, keeps nothing where the recipe says so: a recording ends, and nothing more is saved', async () => {
      const start = { stationId: 'or-1', emergency: {}, recipe: 'strict' };
      const { procedureId } = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', start), 201));
      const clipId = newId();
      ok(await catalog.send('POST', '/stations/or-1/recording', { clipId }), 202);
      ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, { state: 'refused' }));
      const stops = await catalog.database.prisma.outbox.findMany({ where: { name: 'buffer.stop-recording' } });
      expect(stops.map(({ data }) => (data as { clipId: string }).clipId)).toContain(clipId);
      const refused = { status: 409, body: { code: 'consent-refused' } };
      expect(await catalog.send('POST', '/clips', { clipId: newId(), stationId: 'or-1' })).toMatchObject(refused);
      expect(await catalog.send('POST', '/stations/or-1/stills', { clipId: newId() })).toMatchObject(refused);
      ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, { state: 'given' }));
      ok(await catalog.send('POST', '/clips', { clipId: newId(), stationId: 'or-1' }), 202);
    });
  });
}
