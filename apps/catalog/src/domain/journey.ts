import type { JourneyStep } from '@smartbox/contracts';
import type { z } from 'zod';
import type { ClipRow } from './clip.ts';
import { deriveDeliveries } from './delivery.ts';
import type { Fact, FactName, FactOf } from './facts.ts';

export type Step = z.infer<typeof JourneyStep>;

const named = <N extends FactName>(facts: readonly Fact[], name: N): FactOf<N>[] =>
  facts.filter((fact) => fact.name === name) as unknown as FactOf<N>[];

/**
 * The way of a clip from the button to the archive, with the times of the events:
 * record, save, then per source prepare (each rendition), dicom, and per destination send, archive.
 */
export function journeyOf(clip: Pick<ClipRow, 'requestedAt' | 'savedAt' | 'kind'>, facts: readonly Fact[]): Step[] {
  const steps: Step[] = [];
  const [started] = named(facts, 'recording-started');
  const [stopped] = named(facts, 'recording-stopped');
  if (started) steps.push(step('record', started.data.startedAt, stopped?.data.stoppedAt));

  const asked = stopped?.data.stoppedAt ?? (clip.kind === 'recording' ? undefined : clip.requestedAt.toISOString());
  const savedAt = clip.savedAt?.toISOString();
  const isImported = named(facts, 'saved')[0]?.data.imported !== undefined;
  const [failed] = named(facts, 'failed');
  if (savedAt) steps.push(step('save', isImported ? savedAt : (asked ?? savedAt), savedAt));
  else if (failed) steps.push({ ...step('save', asked ?? failed.at, failed.at, failed.data.reason), failed: true });
  else if (asked) steps.push(step('save', asked));

  const begin = savedAt ?? asked;
  const renditions = named(facts, 'rendition');
  for (const { data, firstAt } of renditions) {
    const { sourceId } = data.origin;
    const detail = data.mode === 'passthrough' ? `${data.rendition} (passthrough)` : data.rendition;
    steps.push({ ...step('prepare', begin ?? firstAt, firstAt, detail), sourceId });
  }
  for (const { data, at } of named(facts, 'rendition-failed')) {
    if (renditions.some((r) => r.data.rendition === data.what && r.data.origin.sourceId === data.origin.sourceId))
      continue;
    const detail = `${data.what}: ${data.reason}`;
    steps.push({ ...step('prepare', begin ?? at, at, detail), sourceId: data.origin.sourceId, failed: true });
  }
  for (const { data, firstAt } of named(facts, 'instance')) {
    const { sourceId } = data.origin;
    const from = renditions.find(
      (r) =>
        r.data.origin.sourceId === sourceId &&
        (data.renditionId === undefined
          ? r.data.rendition === 'pacs' || r.data.rendition === 'still'
          : r.data.renditionId === data.renditionId),
    );
    steps.push({ ...step('dicom', from?.firstAt ?? firstAt, firstAt, data.sopInstanceUid), sourceId });
  }
  for (const { data, at } of named(facts, 'instance-failed')) {
    steps.push({ ...step('dicom', at, at, data.reason), sourceId: data.origin.sourceId, failed: true });
  }
  for (const delivery of deriveDeliveries(facts)) {
    if (delivery.state === 'waiting') continue;
    const { sourceId, destination, storedAt, committedAt } = delivery;
    const begun = (delivery.startedAt ?? storedAt ?? delivery.updatedAt).toISOString();
    const isFailed = delivery.state === 'failed';
    const end = storedAt ?? (isFailed || delivery.state === 'replaced' ? delivery.updatedAt : null);
    const detail = delivery.reason && !committedAt ? `${destination}: ${delivery.reason}` : destination;
    steps.push({ ...step('send', begun, end?.toISOString(), detail), sourceId, failed: isFailed });
    if (committedAt) {
      const from = (storedAt ?? committedAt).toISOString();
      steps.push({ ...step('archive', from, committedAt.toISOString(), destination), sourceId });
    }
  }
  const stages = ['record', 'save', 'prepare', 'dicom', 'send', 'archive'];
  return steps.sort(
    (a, b) =>
      stages.indexOf(a.stage) - stages.indexOf(b.stage) ||
      Date.parse(a.startedAt) - Date.parse(b.startedAt) ||
      (a.sourceId ?? '').localeCompare(b.sourceId ?? ''),
  );
}

function step(stage: string, startedAt: string, endedAt?: string, detail?: string): Step {
  return {
    stage,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(detail === undefined ? {} : { detail }),
    failed: false,
  };
}
