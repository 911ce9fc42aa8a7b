import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bufferSource,
  checkEncapsulation,
  extractPayload,
  readPart10,
  SopClassUid,
  text,
  TransferSyntaxUid,
} from '@smartbox/dicom';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, fixture, jpeg, Line } from './support.ts';

const video = fixture('h264-720p-23976-bframes.mp4');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
let line: Line;

beforeAll(async () => {
  line = await Line.start();
});
afterAll(() => line.stop());

async function payloadOf(object: Buffer): Promise<Buffer> {
  const source = bufferSource(object);
  const chunks: Uint8Array[] = [];
  for await (const chunk of extractPayload(source, await readPart10(source))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function dciodvfy(object: Buffer): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'smartbox-dicomizer-'));
  try {
    writeFileSync(join(directory, 'object.dcm'), object);
    const run = spawnSync('dciodvfy', [join(directory, 'object.dcm')], { encoding: 'utf8' });
    if (run.error && !process.env.CI) return [];
    if (run.error) throw run.error;
    return `${run.stdout}${run.stderr}`.split('\n').filter((each) => /^(Error|Warning)/.test(each));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('the dicomizer', () => {
  it('makes a Video Endoscopic object of a clip, proves it and announces it', async () => {
    line.answer();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
    const object = await line.object(created.key);

    expect(created).toMatchObject({
      sopClassUid: SopClassUid.videoEndoscopic,
      transferSyntaxUid: TransferSyntaxUid.h264High41,
      studyInstanceUid: '2.25.4711',
      procedureVersion: 1,
      numberOfFrames: 48,
      frameRate: { num: 24_000, den: 1001 },
      bytes: object.length,
      sha256: sha256(object),
      payloadSha256: sha256(video),
      payloadBytes: video.length,
      destinations: ['pacs'],
    });
    expect(object.subarray(created.payloadOffset, created.payloadOffset + video.length)).toEqual(video);
    expect(await payloadOf(object)).toEqual(video);
    expect(await checkEncapsulation(bufferSource(object))).toEqual([]);
    expect(dciodvfy(object)).toEqual([]);

    const { dataset, sopInstanceUid } = await readPart10(bufferSource(object));
    expect(sopInstanceUid).toBe(created.sopInstanceUid);
    expect(text(dataset, 'PatientName')).toBe(CANARY);
    expect(dataset).toMatchObject({
      Modality: ['ES'],
      ContentDate: ['20260612'],
      ContentTime: ['004512.345000'],
      TimezoneOffsetFromUTC: ['+0200'],
      InstanceNumber: [913],
      NumberOfFrames: [48],
      RequestAttributesSequence: [{ ScheduledProcedureStepID: ['SPS1'] }],
    });
  });

  it('makes a VL Endoscopic object of a still', async () => {
    const event = await line.rendition(jpeg, 'still');
    await line.announce(event);
    const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
    expect(created).toMatchObject({
      sopClassUid: SopClassUid.vlEndoscopic,
      transferSyntaxUid: TransferSyntaxUid.jpegBaseline,
      numberOfFrames: 1,
      payloadSha256: sha256(jpeg),
    });
    const object = await line.object(created.key);
    expect(await payloadOf(object)).toEqual(jpeg);
    expect(dciodvfy(object)).toEqual([]);
  });

  it('writes the same object and one event when the message comes again', async () => {
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const first = await line.waitFor('dicomizer.instance.created', event.origin.id);
    const before = await line.object(first.key);
    await line.store.remove(first.key);
    await line.announce(event);
    const again = await until(() => line.object(first.key).catch(() => undefined));
    expect(again.equals(before)).toBe(true);

    // something else came between: an object that is damaged is written again
    await line.store.put(first.key, Buffer.alloc(before.length), {
      size: before.length,
      contentType: 'application/dicom',
    });
    await line.announce(event);
    await until(async () => (await line.object(first.key)).equals(before));
    expect(await line.events('dicomizer.instance.created', event.origin.id)).toEqual([first]);
  });

  it('makes another instance for another version of the procedure', async () => {
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const first = await line.waitFor('dicomizer.instance.created', event.origin.id);
    await line.silence();
    line.answer('Korrigiert^Anna', 2);
    await line.announce(event);
    const second = await until(async () => (await line.events('dicomizer.instance.created', event.origin.id))[1]);
    expect(second.sopInstanceUid).not.toBe(first.sopInstanceUid);
    expect(second.seriesInstanceUid).toBe(first.seriesInstanceUid);
    expect(second.procedureVersion).toBe(2);
  });

  it('is alive, ready and measured', async () => {
    expect((await fetch(`${line.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${line.url}/readyz`)).json()).toMatchObject({
      ready: true,
      checks: { s3: { ok: true }, nats: { ok: true } },
    });
    expect(await (await fetch(`${line.url}/metrics`)).text()).toContain('smartbox_dicomizer_instances_total');
  });
});

describe('what cannot become an object', () => {
  it.each([
    ['a profile no syntax holds', 'h264-baseline-360p25.mp4', {}, 'no-transfer-syntax', /High profile/],
    ['a stream that understates its level', 'h264-1080p60-understated41.mp4', {}, 'no-transfer-syntax', /level 4.1/],
    [
      'a fragmented MP4',
      'h264-fragmented.mp4',
      { frames: 25, frameRate: { num: 25, den: 1 } },
      'no-transfer-syntax',
      /mp4 or mpegts/,
    ],
    ['facts that are not the payload’s', 'h264-1080p60-level42.mp4', { frames: 13 }, 'facts-disagree', /frames 13.*12/],
  ])('%s is refused with the reason, and the next one passes', async (_what, name, facts, code, reason) => {
    const event = await line.rendition(fixture(name), 'pacs');
    await line.announce({ ...event, video: event.video && { ...event.video, ...facts } });
    const failed = await line.waitFor('dicomizer.instance.failed', event.origin.id);
    expect(failed).toMatchObject({ code, what: 'pacs' });
    expect(failed.reason).toMatch(reason);

    const good = await line.rendition(video, 'pacs');
    await line.announce(good);
    await line.waitFor('dicomizer.instance.created', good.origin.id);
  });

  it('a rendition that is not there, and a picture that is no JPEG', async () => {
    const gone = await line.rendition(video, 'pacs');
    await line.store.remove(gone.key);
    await line.announce(gone);
    expect(await line.waitFor('dicomizer.instance.failed', gone.origin.id)).toMatchObject({ code: 'object-not-found' });

    const png = await line.rendition(Buffer.from('89504e470d0a1a0a0000000d', 'hex'), 'still');
    await line.announce(png);
    expect(await line.waitFor('dicomizer.instance.failed', png.origin.id)).toMatchObject({ code: 'not-jpeg' });
  });

  it('a hostile patient name is refused and quoted nowhere', async () => {
    await line.silence();
    line.answer('Kanarie\\DROP^x'.padEnd(80, 'x'));
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const failed = await line.waitFor('dicomizer.instance.failed', event.origin.id);
    expect(failed.code).toBe('invalid-dicom-value');
    expect(JSON.stringify(failed)).not.toContain('Kanarie');
  });

  it('a catalog that is away costs nothing: the object comes when it is back', async () => {
    await line.silence();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const retried = /smartbox_messages_total\{[^}]*outcome="retry"[^}]*\} [1-9]/;
    await until(async () => retried.test(await (await fetch(`${line.url}/metrics`)).text()), {
      what: 'a failed attempt',
    });
    line.answer();
    await line.waitFor('dicomizer.instance.created', event.origin.id);
    expect(await line.events('dicomizer.instance.failed', event.origin.id)).toEqual([]);
  });

  it('a killed service goes on where it was', async () => {
    await line.app?.close();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    await line.startService();
    await line.waitFor('dicomizer.instance.created', event.origin.id);
  });
});
