import { bufferSource, readPart10, text } from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { consumerIdle, until } from '@smartbox/testing';
import { expect, it } from 'vitest';
import { dciodvfy } from './proof.ts';
import { CANARY, video, type Line } from './support.ts';

/** Messages that come again, and corrections, of the dicomizer that `line` answers. */
export function again(line: () => Line): void {
  it('writes the same object and one event when the message comes again', async () => {
    const event = await line().rendition(video, 'pacs');
    await line().announce(event);
    const first = await line().waitFor('dicomizer.instance.created', event.origin.id);
    const before = await line().object(first.key);
    await line().store.remove(first.key);
    await line().announce(event);
    const again = await until(() =>
      line()
        .object(first.key)
        .catch(() => undefined),
    );
    expect(again.equals(before)).toBe(true);

    // something else came between: an object that is damaged is written again
    await line().store.put(first.key, Buffer.alloc(before.length), {
      size: before.length,
      contentType: 'application/dicom',
    });
    await line().announce(event);
    await until(async () => (await line().object(first.key)).equals(before));
    expect(await line().events('dicomizer.instance.created', event.origin.id)).toEqual([first]);
  });

  it('makes another instance for another version of the procedure', async () => {
    const event = await line().rendition(video, 'pacs');
    await line().announce(event);
    const first = await line().waitFor('dicomizer.instance.created', event.origin.id);
    await line().silence();
    line().answer('Korrigiert^Anna', 2);
    await line().announce(event);
    const second = await until(async () => (await line().events('dicomizer.instance.created', event.origin.id))[1]);
    expect(second.sopInstanceUid).not.toBe(first.sopInstanceUid);
    expect(second.seriesInstanceUid).not.toBe(first.seriesInstanceUid);
    expect(second.procedureVersion).toBe(2);
  });

  it('makes the objects of a clip anew that was moved to another procedure; the other clips of it stay', async () => {
    await line().silence();
    line().answer();
    const { destinations, corrected, reassigned } = line().corrections();
    const first = await line().rendition(video, 'pacs');
    const { procedureId } = first.origin;
    const second = await line().rendition(video, 'pacs');
    const other = { ...second, origin: { ...second.origin, procedureId } };
    const created = (id: string) => line().events('dicomizer.instance.created', id);
    for (const event of [first, other]) await line().announce(event);
    const old = await line().waitFor('dicomizer.instance.created', first.origin.id);
    await line().waitFor('dicomizer.instance.created', other.origin.id);
    for (const destination of ['iocm', 'plain']) await line().stored(old, destination);

    const [clipId, to] = [first.origin.id, newId()];
    await line().silence();
    line().answer('Richtig^Rita', 1, { clipId, to });
    const move = { clipId, stationId: 'or-1', from: procedureId, to, assignment: 1 };
    for (let again = 0; again < 2; again++) await reassigned(move);
    const made = await until(async () => {
      const all = await created(clipId);
      return all.length === 3 ? all : undefined;
    });
    const [, anew, note] = made;
    expect(anew).toMatchObject({ assignment: 1, procedureVersion: 1, origin: { procedureId: to, id: clipId } });
    expect(anew?.seriesInstanceUid).not.toBe(old.seriesInstanceUid);
    const { dataset } = await readPart10(bufferSource(await line().object(anew?.key ?? '')));
    expect(text(dataset, 'PatientName')).toBe('Richtig^Rita');
    expect(note).toMatchObject({ rendition: 'rejection-note', destinations: ['iocm'] });
    expect(note?.studyInstanceUid).toBe(old.studyInstanceUid);
    const rejected = await readPart10(bufferSource(await line().object(note?.key ?? '')));
    expect(text(rejected.dataset, 'PatientName')).toBe(CANARY);
    expect(rejected.dataset).toMatchObject({
      ContentSequence: [{ ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old.sopInstanceUid] }] }],
    });

    // a correction of the procedure that it left makes the other clip anew, and nothing of this one
    await consumerIdle(line().nats, 'dicomizer-reassignments');
    await line().silence();
    line().answer('Korrigiert^Anna', 2, { clipId, to });
    await corrected({ procedureId, stationId: 'or-1', version: 2 });
    await until(async () => ((await created(other.origin.id)).length === 2 ? true : undefined));
    await consumerIdle(line().nats, 'dicomizer-corrections');
    expect((await created(clipId)).length).toBe(3);
    await destinations.close();
    await line().silence();
    line().answer();
  });

  it('makes a corrected procedure anew, and a rejection note where one is honoured', async () => {
    await line().silence();
    line().answer();
    const event = await line().rendition(video, 'pacs');
    await line().announce(event);
    const old = await line().waitFor('dicomizer.instance.created', event.origin.id);
    for (const destination of ['iocm', 'plain']) await line().stored(old, destination);
    const { procedureId } = event.origin;
    await line().silence();
    line().answer('Korrigiert^Anna', 2);
    const { destinations, corrected } = line().corrections();
    await corrected({ procedureId, stationId: 'or-1', version: 2 });

    const made = await until(async () => {
      const all = await line().events('dicomizer.instance.created', event.origin.id);
      return all.length === 3 ? all : undefined;
    });
    const [, anew, note] = made;
    expect(anew).toMatchObject({ rendition: 'pacs', procedureVersion: 2 });
    expect(note).toMatchObject({ rendition: 'rejection-note', procedureVersion: 1, destinations: ['iocm'] });
    const object = await line().object(note?.key ?? '');
    expect(object.length).toBe(note?.bytes);
    const { dataset, sopClassUid } = await readPart10(bufferSource(object));
    expect(sopClassUid).toBe('1.2.840.10008.5.1.4.1.1.88.59');
    expect(text(dataset, 'PatientName')).toBe(CANARY); // whom the rejected instances name
    expect(dataset).toMatchObject({
      ConceptNameCodeSequence: [{ CodeValue: ['113038'], CodingSchemeDesignator: ['DCM'] }],
      CurrentRequestedProcedureEvidenceSequence: [
        {
          StudyInstanceUID: [old.studyInstanceUid],
          ReferencedSeriesSequence: [
            {
              SeriesInstanceUID: [old.seriesInstanceUid],
              ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old.sopInstanceUid] }],
            },
          ],
        },
      ],
    });
    expect(dciodvfy(object)).toEqual([]);
    await destinations.close();
    await line().silence();
    line().answer();
  });
}
