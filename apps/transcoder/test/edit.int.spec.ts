import 'reflect-metadata';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  QualityReport,
  type EditClip,
  type EditSource,
  type QualityMeasured,
  type RenditionReady,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { frameCounters, probe, writeSyntheticVideo } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsUntil, originOf, startService, type Service } from './service.ts';

let service: Service;
let first: EditSource;
let second: EditSource;

beforeAll(async () => {
  service = await startService();
  const make = async (name: string, firstCounter: number) => {
    const file = join(service.scratch, name);
    await writeSyntheticVideo(file, { width: 320, height: 180, frames: 90, gop: 15, firstCounter });
    return service.keep(file, 90);
  };
  first = await make('first.mp4', 0);
  second = await make('second.mp4', 1000);
});
afterAll(() => service?.close());

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function ask(asked: Partial<EditClip>): Promise<EditClip> {
  const sources = asked.sources ?? [first];
  const command: EditClip = {
    renditionId: newId(),
    origin: originOf(sources[0] ?? first),
    sources,
    steps: [],
    requestedAt: new Date().toISOString(),
    ...asked,
  };
  await service.messaging.publishCommand('transcoder.edit-clip', command, { id: command.renditionId });
  return command;
}

interface Said {
  renditionId?: string;
  code?: string;
  percent?: number;
}
/** Everything said of an edit, to its end. */
async function outcome({ renditionId, origin }: EditClip) {
  const all = await eventsUntil<Said>(
    service,
    ['transcoder.rendition.ready', 'transcoder.rendition.failed', 'transcoder.job.progressed', 'transcoder.quality.measured', 'transcoder.quality.warned'],
    origin.id,
    (found) => found.some(({ name, data }) => data.renditionId === renditionId && /rendition\./.test(name)),
  ); // prettier-ignore
  const own = all.filter(({ data }) => data.renditionId === renditionId);
  const of = <T>(name: string) => own.filter((each) => each.name === name).map(({ data }) => data as T);
  return {
    ready: of<RenditionReady>('transcoder.rendition.ready')[0],
    failed: of<Said & { reason: string }>('transcoder.rendition.failed')[0],
    percents: of<Said>('transcoder.job.progressed').map(({ percent }) => percent ?? -1),
    measured: of<QualityMeasured>('transcoder.quality.measured')[0],
    warned: of<Said>('transcoder.quality.warned')[0],
  };
}

async function countersOf(key: string): Promise<(number | null)[]> {
  const file = join(service.scratch, `${newId()}.mp4`);
  await writeFile(file, await service.store.get(key));
  return frameCounters(file);
}

describe('an edit', () => {
  it('shows exactly the frames asked for, with inner parts removed, and proves each of them', async () => {
    const command = await ask({
      steps: [
        { kind: 'trim', from: 7, to: 80 },
        { kind: 'remove', from: 20, to: 40 },
      ],
      destinations: ['pacs'],
    });
    const { ready, percents, measured, warned } = await outcome(command);
    const wanted = [...range(7, 27), ...range(47, 80)];
    expect(await countersOf(ready?.key ?? '')).toEqual(wanted);
    expect(ready).toMatchObject({
      rendition: 'edit',
      destinations: ['pacs'],
      cut: { frames: 53, copiedFrames: 32, reencodedFrames: 21, audio: false },
      video: { frames: 53, codec: 'h264' },
    });
    expect(ready?.cut?.durationMs).toBeCloseTo((53 * 1000) / 30, 0);
    // the film begins 7 frames after its source
    expect(Date.parse(ready?.origin.capturedAt ?? '')).toBe(Date.parse(command.origin.capturedAt) + 233);
    expect(ready?.derivation?.description).toBe(
      'Cut from captured video, frames counted from 0, end exclusive: camera-1 7-27, camera-1 47-80. 32 frames copied unchanged, 21 encoded anew.',
    );
    expect(ready?.derivation?.lossyHistory).toHaveLength(2);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));

    const manifest = (await service.store.getJson(ready?.cut?.manifestKey ?? '')) as {
      proof: { manifest: { frame: number; kind: string; sourceHash: string; hash: string }[] };
    };
    expect(manifest.proof.manifest.map(({ frame }) => frame)).toEqual(wanted);
    for (const { kind, sourceHash, hash } of manifest.proof.manifest) expect(sourceHash === hash).toBe(kind === 'copy');
    expect(JSON.stringify(manifest)).not.toContain('X-Amz');

    expect(measured?.summary).toMatchObject({ passed: true, frames: { reference: 21, distorted: 21, compared: 21 } });
    expect(measured?.summary.psnr.average).toBeGreaterThan(35);
    const report = QualityReport.parse(await service.store.getJson(measured?.reportKey ?? ''));
    expect(report.curve.map(({ frame }) => frame)).toEqual([...range(0, 8), ...range(20, 33)]);
    expect(warned).toBeUndefined();
  });

  it('joins clips, and puts parts of one into the other', async () => {
    const name = ({ clipId, sourceId }: EditSource) => `${clipId}/${sourceId}`;
    const command = await ask({
      sources: [first, second],
      steps: [
        { kind: 'trim', from: 15, to: 105 },
        { kind: 'insert', at: 0, range: { source: name(second), from: 60, to: 75 } },
      ],
    });
    const { ready } = await outcome(command);
    expect(await countersOf(ready?.key ?? '')).toEqual([...range(1060, 1075), ...range(15, 90), ...range(1000, 1015)]);
    expect(ready).toMatchObject({ cut: { copiedFrames: 105, reencodedFrames: 0 }, notes: [] });
    expect(ready?.derivation?.lossyHistory).toHaveLength(1);
  });

  it('enhances what was cut, says by which filters, and warns when the encoding is not near enough', async () => {
    const strict = {
      ...originOf(first),
      recipe: { ...originOf(first).recipe, quality: { minPsnr: 90, minSsim: 0.95 } },
    };
    const command = await ask({
      origin: strict,
      steps: [{ kind: 'trim', from: 3, to: 33 }],
      enhance: { recipe: 'surgery', parameters: { sharpness: 0.5, brightness: 0.1 } },
    });
    const { ready, measured, warned } = await outcome(command);
    expect(await countersOf(ready?.key ?? '')).toEqual(range(3, 33));
    expect(ready?.derivation?.description).toContain('brightness=0.1');
    expect(ready?.derivation?.codes.map(({ code }) => code)).toEqual(['113040', '113087', '113089']);
    expect(ready?.cut).toMatchObject({ copiedFrames: 0, reencodedFrames: 30 });
    // against the enhanced pictures, not against those before: what the encoder lost
    expect(measured?.summary.psnr.average).toBeGreaterThan(35);
    expect(measured?.summary.passed).toBe(false);
    expect(warned?.code).toBe('quality-low');
  });

  it('refuses what cannot be, in words that help, and leaves nothing behind', async () => {
    const command = await ask({ steps: [{ kind: 'trim', from: 10, to: 91 }] });
    const { failed } = await outcome(command);
    expect(failed).toMatchObject({ code: 'bad-frame-range' });
    expect(failed?.reason).toMatch(/frames 10-91 are not a part of the timeline, which has 90 frames/);
    const changed = await ask({ sources: [{ ...first, frames: 80 }] });
    expect((await outcome(changed)).failed?.code).toBe('source-changed');
    expect(await readdir(join(service.scratch, 'work'))).toEqual([]);
  });

  it('is made once, however often it is asked for', async () => {
    const command = await ask({ steps: [{ kind: 'trim', from: 0, to: 30 }] });
    const { ready } = await outcome(command);
    const { lastModified } = await service.store.stat(ready?.key ?? '');
    await service.messaging.publishCommand('transcoder.edit-clip', command, { id: `again/${command.renditionId}` });
    const next = await ask({ steps: [{ kind: 'trim', from: 0, to: 15 }] });
    await outcome(next);
    expect((await service.store.stat(ready?.key ?? '')).lastModified).toEqual(lastModified);
    const events = await eventsUntil<Said>(service, ['transcoder.rendition.ready'], first.clipId, (found) =>
      found.some(({ data }) => data.renditionId === next.renditionId),
    );
    expect(events.filter(({ data }) => data.renditionId === command.renditionId)).toHaveLength(1);
  });

  it('is cancelled before or while it is made', async () => {
    const renditionId = newId();
    const cancel = { clipId: first.clipId, renditionId };
    await service.messaging.publishCommand('transcoder.cancel-job', cancel, { id: `cancel/${renditionId}` });
    const slow = { recipe: 'dermatology', parameters: { denoise: 3 } } as const;
    const running = await ask({ enhance: slow });
    await eventsUntil<Said>(service, ['transcoder.job.progressed'], first.clipId, (found) =>
      found.some(({ data }) => data.renditionId === running.renditionId),
    );
    await service.messaging.publishCommand(
      'transcoder.cancel-job',
      { clipId: first.clipId, renditionId: running.renditionId },
      { id: `cancel/${running.renditionId}` },
    );
    expect((await outcome(running)).failed?.code).toBe('cancelled');
    const early = await ask({ renditionId });
    expect((await outcome(early)).failed?.code).toBe('cancelled');
    const prefix = `clips/${first.clipId}/camera-1/renditions/`;
    for await (const { key } of service.store.list(prefix))
      expect(key.includes(renditionId) || key.includes(running.renditionId)).toBe(false);
    await until(async () => (await readdir(join(service.scratch, 'work'))).length === 0, { what: 'an empty scratch' });
  });

  it('keeps nothing of a file that is no film, and says which', async () => {
    const file = join(service.scratch, 'text.mp4');
    await writeFile(file, 'this is no video');
    const broken = await service.keep(file, 30);
    const { failed } = await outcome(await ask({ sources: [broken] }));
    expect(failed?.code).toBe('media-error');
    expect(failed?.reason).not.toContain('X-Amz');
    await expect(probe(file)).rejects.toThrow();
  });
});
