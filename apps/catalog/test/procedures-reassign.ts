import { ClipView, ProcedureView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import { drained, ok, startEmergency, tell, type Catalog } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';
import { item, type ProcedureStage } from './procedure-stage.ts';

/** A clip that belongs to somebody else. */
export function reassignSpec(stage: ProcedureStage): void {
  let catalog: Catalog;
  let gateway: Messaging;
  beforeAll(() => void ({ catalog, gateway } = stage));

  describe('one clip', () => {
    const moves = async (clipId: string) => {
      await drained(catalog);
      return (await stage.stored(['catalog.clip.reassigned'])).flatMap(({ event }) => {
        const data = event?.data as { clipId: string } | undefined;
        return data?.clipId === clipId ? [data] : [];
      });
    };
    const reassign = (clipId: string, body: object) => catalog.send('POST', `/clips/${clipId}/reassign`, body);

    it('goes to another procedure alone: told once, audited, found under its new patient, and on its way again', async () => {
      const before = await startEmergency(catalog);
      const [clipId, other] = [newId(), newId()];
      for (const id of [clipId, other])
        ok(await catalog.send('POST', '/clips', { clipId: id, stationId: 'or-1' }), 202);
      const { procedureId } = before;
      const story = { clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId };
      await catalog.applied(await tell(catalog.config, eventsOfClip(story)));
      const next = await startEmergency(catalog);

      for (let again = 0; again < 2; again++) {
        const moved = ClipView.parse(
          ok(await reassign(clipId, { procedureId: next.procedureId, reason: 'saved late' })),
        );
        expect(moved).toMatchObject({ procedureId: next.procedureId, patient: { id: next.patient.id } });
        // the archive holds it under the wrong patient
        expect(moved.state).toBe('prepared');
      }
      expect(await moves(clipId)).toEqual([
        { clipId, stationId: 'or-1', from: procedureId, to: next.procedureId, assignment: 1 },
      ]);
      const audits = await catalog.database.prisma.auditEntry.findMany({ where: { subject: `clip/${clipId}` } });
      expect(audits.filter((each) => each.action === 'clip.reassign').map((each) => each.detail)).toEqual([
        { from: procedureId, to: next.procedureId, reason: 'saved late' },
      ]);
      expect(await gateway.call('catalog.get-procedure', { procedureId, clipId })).toMatchObject({
        procedureId: next.procedureId,
        assignment: 1,
        patient: { id: next.patient.id },
      });
      const stays = await gateway.call('catalog.get-procedure', { procedureId, clipId: other });
      expect(stays).toMatchObject({ procedureId, patient: { id: before.patient.id } });
      expect(stays.assignment).toBeUndefined();

      // the old procedure's correction is nothing to it; its own procedure's is
      ok(await catalog.send('PATCH', `/procedures/${procedureId}`, { patient: { name: 'Alt^Anna', id: 'P-ALT' } }));
      expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).patient.id).toBe(next.patient.id);
      expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${other}`))).patient.id).toBe('P-ALT');

      const anew = eventsOfClip({ ...story, procedureId: next.procedureId, assignment: 1 })
        .filter((e) => e.name === 'dicomizer.instance.created' || e.name.startsWith('pacs-gateway'))
        .map((e) => ({ ...e, id: `${e.id}/moved` }));
      await catalog.applied(await tell(catalog.config, anew));
      expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).state).toBe('archived');
    });

    it('goes to a worklist item or to a patient named by hand: a procedure is written for it, once, and nobody hears that it began', async () => {
      stage.scheduled = [item('Meier^Max', 'P-7')];
      ok(await catalog.send('GET', '/worklist?station=or-1'));
      const { procedureId } = await startEmergency(catalog);
      const [first, second] = [newId(), newId()];
      for (const id of [first, second])
        ok(await catalog.send('POST', '/clips', { clipId: id, stationId: 'or-1' }), 202);
      await drained(catalog);
      const begun = (await stage.stored(['catalog.procedure.started'])).length;
      const worklistItemId = item('', 'P-7').itemId;
      const places = await Promise.all(
        [first, second, first].map(async (id) => ClipView.parse(ok(await reassign(id, { worklistItemId })))),
      );
      expect(new Set(places.map((each) => each.procedureId)).size).toBe(1);
      expect(places[0]).toMatchObject({ patient: { id: 'P-7' } });
      expect(places[0]?.procedureId).not.toBe(procedureId);
      expect(await moves(first)).toHaveLength(1);

      const patient = { name: 'Hand^Helga', id: 'P-8' };
      for (let again = 0; again < 2; again++) ok(await reassign(first, { patient }));
      expect(await moves(first)).toMatchObject([{ assignment: 1 }, { from: places[0]?.procedureId, assignment: 2 }]);
      const snapshot = await gateway.call('catalog.get-procedure', { procedureId, clipId: first });
      expect(snapshot).toMatchObject({ patient, stationId: 'or-1', assignment: 2 });
      expect((await stage.stored(['catalog.procedure.started'])).length).toBe(begun);
      const { items } = ok(await catalog.send('GET', '/procedures?station=or-1')) as { items: unknown[] };
      expect(items.map((each) => ProcedureView.parse(each).patient.id).slice(0, 3)).toContain('P-8');
    });

    it('is refused where it is told to go nowhere, to two places, or to one there is not', async () => {
      await startEmergency(catalog);
      const clipId = newId();
      ok(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' }), 202);
      const codes = [
        {},
        { procedureId: newId(), patient: { name: 'A^B', id: '1' } },
        { procedureId: newId() },
        { worklistItemId: newId() },
      ].map(async (body) => {
        const answer = (await reassign(clipId, body)) as { status: number; body: { code: string } };
        return answer.body.code;
      });
      expect(await Promise.all(codes)).toEqual([
        'invalid-request',
        'invalid-request',
        'procedure-not-found',
        'worklist-item-unknown',
      ]);
      expect(await moves(clipId)).toEqual([]);
    });
  });
}
