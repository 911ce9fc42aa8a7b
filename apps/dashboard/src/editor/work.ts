import type { EditView, ExportView, WorkState } from '@smartbox/contracts';
import { queryOptions } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { editApi } from '../api/edits.ts';
import { told } from '../feed/told.ts';

export const workKeys = {
  edits: (clipId: string) => ['edits', clipId] as const,
  exports: (clipId: string) => ['exports', clipId] as const,
  quality: (clipId: string) => ['quality', clipId] as const,
};

export const underWay = (state: WorkState): boolean =>
  state === 'waiting' || state === 'running' || state === 'stopping';

interface Job {
  readonly renditionId: string;
  readonly state: WorkState;
  readonly requestedAt: string;
  /** Of an export that is sent on. */
  readonly copies?: readonly { readonly state: WorkState }[] | undefined;
}
/** Replaces the job of the same id where it stands, or puts it in front. */
function upsert<T extends Job>(jobs: readonly T[], job: T): T[] {
  if (!jobs.some(({ renditionId }) => renditionId === job.renditionId)) return [job, ...jobs];
  return jobs.map((other) => (other.renditionId === job.renditionId ? job : other));
}

/** What the feed tells of an edit. */
export function applyEdit(client: QueryClient, edit: EditView): void {
  told<EditView[]>(client, workKeys.edits(edit.clipId), (edits) => upsert(edits, edit));
  if (!underWay(edit.state)) void client.invalidateQueries({ queryKey: workKeys.quality(edit.clipId) });
}
/** What the feed tells of an export. */
export function applyExport(client: QueryClient, job: ExportView): void {
  told<ExportView[]>(client, workKeys.exports(job.clipId), (jobs) => upsert(jobs, job));
  if (!underWay(job.state)) void client.invalidateQueries({ queryKey: workKeys.quality(job.clipId) });
}

/** The feed tells of progress at once; asked is as well, so that a lost message leaves nothing behind. */
const every = (jobs: readonly Job[] | undefined) =>
  jobs?.some(({ state, copies = [] }) => [state, ...copies.map((copy) => copy.state)].some(underWay)) ? 2_000 : 30_000;

export const editsOf = (clipId: string) =>
  queryOptions({
    queryKey: workKeys.edits(clipId),
    queryFn: () => editApi.edits(clipId),
    refetchInterval: (query) => every(query.state.data),
  });
export const exportsOf = (clipId: string) =>
  queryOptions({
    queryKey: workKeys.exports(clipId),
    queryFn: () => editApi.exports(clipId),
    refetchInterval: (query) => every(query.state.data),
  });
export const qualityOf = (clipId: string) =>
  queryOptions({ queryKey: workKeys.quality(clipId), queryFn: () => editApi.quality(clipId), refetchInterval: 30_000 });
