import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '@smartbox/testing';
import { again } from './again.suite.ts';
import { objects } from './objects.suite.ts';
import { streams } from './streams.suite.ts';
import { fixture, Line, video } from './support.ts';
import { teachingCopies } from './teaching.suite.ts';

// One dicomizer on one set of servers for all topics: each has a suite of its own beside this file.
let line: Line;

beforeAll(async () => {
  line = await Line.start();
  line.answer();
});
afterAll(() => line.stop());

describe('the dicomizer', () => {
  objects(() => line);
  streams(() => line);
  again(() => line);

  it('is alive, ready and measured', async () => {
    expect((await fetch(`${line.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${line.url}/readyz`)).json()).toMatchObject({
      ready: true,
      checks: { s3: { ok: true }, nats: { ok: true } },
    });
    expect(await (await fetch(`${line.url}/metrics`)).text()).toContain('smartbox_dicomizer_instances_total');
  });
});

describe('a copy for teaching', () => teachingCopies(() => line));

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
    expect(await line.waitFor('dicomizer.instance.failed', png.origin.id)).toMatchObject({
      code: 'no-transfer-syntax',
    });
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
