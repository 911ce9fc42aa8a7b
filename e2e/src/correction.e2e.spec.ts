import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileSource, readPart10, text } from '@smartbox/dicom';
import { startTestPacs, until, type TestPacs } from '@smartbox/testing';
import { openPacs } from '@smartbox/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFromPacs, reached, save, smallStation, startLine, startProcedure, type Line } from './support.ts';

const run = promisify(execFile);
const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
let line: Line;
let iocm: TestPacs;

beforeAll(async () => {
  iocm = await startTestPacs({ aeTitle: 'IOCM' });
  const [camera] = smallStation.sources;
  const dicom = {
    videoSopClass: 'video-endoscopic' as const,
    stillSopClass: 'vl-endoscopic' as const,
    modality: 'ES' as const,
  };
  line = await startLine({
    stations: [{ ...smallStation, sources: camera ? [camera] : [] }],
    recipes: [
      {
        name: 'both',
        version: 1,
        title: { de: 'beide', en: 'both' },
        saveSeconds: 120,
        dicom,
        renditions: ['pacs', 'poster'],
        destinations: ['pacs', 'iocm'],
      },
    ],
    destinations: [
      {
        name: 'iocm',
        title: 'IOCM',
        aeTitle: iocm.aeTitle,
        host: '127.0.0.1',
        port: iocm.port,
        rejectionNotes: true,
      },
    ],
  });
});
afterAll(async () => {
  await line?.stop();
  await iocm?.stop();
});

/** Of dciodvfy. */
async function errorsOf(file: string): Promise<string[]> {
  const said = await run('dciodvfy', [file]).catch((failed: { stdout: string; stderr: string }) => failed);
  return `${said.stdout}${said.stderr}`.split('\n').filter((each) => each.startsWith('Error'));
}

describe('a procedure that was begun for the wrong patient', () => {
  it('is sent anew for the right one, and the old objects are rejected where that is honoured', async () => {
    const procedureId = await startProcedure(line, 'or-1', 4);
    const clipId = await save(line, 'or-1', 3);
    const [old] = (await reached(line, clipId, 'sent')).instances;

    const { items } = await line.api.worklist('or-1');
    const item = items[1];
    const body = JSON.stringify({ worklistItemId: item?.itemId, reason: 'wrong patient chosen' });
    const answer = await fetch(`${line.box.url}/api/v1/procedures/${procedureId}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(200);

    const clip = await until(
      async () => {
        const seen = await line.api.clip(clipId);
        const notes = seen.instances.filter((each) => each.rendition === 'rejection-note');
        const sent = notes.some((note) => note.deliveries.some((delivery) => delivery.state === 'stored'));
        return seen.state === 'sent' && sent && seen.instances.length === 3 ? seen : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, what: 'the clip sent anew, and its rejection note' },
    );
    expect(clip.patient.id).toBe(item?.patient.id);
    const anew = clip.instances.find((each) => each.rendition === 'pacs' && each.instanceId !== old?.instanceId);
    const note = clip.instances.find((each) => each.rendition === 'rejection-note');

    // the archive has the old study and the new one, each with its patient; the video is the same
    const [before, after] = [
      await fetchFromPacs(line, old?.sopInstanceUid ?? ''),
      await fetchFromPacs(line, anew?.sopInstanceUid ?? ''),
    ];
    expect(text(after.attributes, 'PatientID')).toBe(item?.patient.id);
    expect(text(before.attributes, 'PatientID')).not.toBe(item?.patient.id);
    expect(after.payloadSha256).toBe(before.payloadSha256);
    for (const uid of ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID']) {
      expect(text(after.attributes, uid)).not.toBe(text(before.attributes, uid));
    }

    // the note is at the archive that honours it, and nowhere else
    const pacs = await openPacs(line.box.info());
    expect(await pacs.find(note?.sopInstanceUid ?? '')).toBeUndefined();
    const file = iocm.file(note?.sopInstanceUid ?? '');
    await using source = await fileSource(file);
    const { dataset, sopClassUid } = await readPart10(source);
    expect(sopClassUid).toBe(KEY_OBJECT_SELECTION);
    expect(text(dataset, 'StudyInstanceUID')).toBe(old?.studyInstanceUid);
    expect(dataset).toMatchObject({
      ConceptNameCodeSequence: [{ CodeValue: ['113038'] }],
      ContentSequence: [
        { ValueType: ['IMAGE'], ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old?.sopInstanceUid] }] },
      ],
    });
    expect(await errorsOf(file)).toEqual([]);
  });
});

describe('one clip that was saved under the wrong patient', () => {
  it('moves to the procedure that it belongs to, the others stay; what names the wrong patient is rejected', async () => {
    await startProcedure(line, 'or-1', 4);
    const [clipId, stays] = [await save(line, 'or-1', 2), await save(line, 'or-1', 2)];
    const [old] = (await reached(line, clipId, 'sent')).instances;
    const before = await reached(line, stays, 'sent');
    const { items } = await line.api.worklist('or-1');
    const item = items[2] ?? items[0];
    const { procedureId } = await line.api.reassignClip(clipId, {
      ...(item ? { worklistItemId: item.itemId } : {}),
      reason: 'saved before the patient was chosen',
    });

    const clip = await until(
      async () => {
        const seen = await line.api.clip(clipId);
        const notes = seen.instances.filter((each) => each.rendition === 'rejection-note');
        const sent = notes.some((note) => note.deliveries.some((delivery) => delivery.state === 'stored'));
        return seen.state === 'sent' && sent ? seen : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, what: 'the moved clip sent anew, and its rejection note' },
    );
    expect(clip).toMatchObject({ procedureId, assignment: 1, patient: { id: item?.patient.id } });
    const anew = clip.instances.find((each) => each.rendition === 'pacs' && each.instanceId !== old?.instanceId);
    const [was, is] = [
      await fetchFromPacs(line, old?.sopInstanceUid ?? ''),
      await fetchFromPacs(line, anew?.sopInstanceUid ?? ''),
    ];
    expect(text(is.attributes, 'PatientID')).toBe(item?.patient.id);
    expect(text(was.attributes, 'PatientID')).not.toBe(item?.patient.id);
    expect(is.payloadSha256).toBe(was.payloadSha256);
    expect(text(is.attributes, 'StudyInstanceUID')).not.toBe(text(was.attributes, 'StudyInstanceUID'));

    const note = clip.instances.find((each) => each.rendition === 'rejection-note');
    const file = iocm.file(note?.sopInstanceUid ?? '');
    await using source = await fileSource(file);
    expect((await readPart10(source)).dataset).toMatchObject({
      ConceptNameCodeSequence: [{ CodeValue: ['113038'] }],
      ContentSequence: [
        { ValueType: ['IMAGE'], ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old?.sopInstanceUid] }] },
      ],
    });
    for (const made of [iocm.file(anew?.sopInstanceUid ?? ''), file]) expect(await errorsOf(made)).toEqual([]);

    // the other clip of the procedure is as it was
    const after = await line.api.clip(stays);
    expect(after.patient).toEqual(before.patient);
    expect(after.instances.map((each) => each.instanceId)).toEqual(before.instances.map((each) => each.instanceId));
  });
});
