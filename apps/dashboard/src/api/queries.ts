import type { ClipView } from '@smartbox/contracts';
import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMay } from '../account/session.ts';
import { byName } from '../feed/reduce.ts';
import { api } from './client.ts';
import type { ClipQuery, DeliveryQuery, WorklistQuery } from './client.ts';

export const keys = {
  config: ['config'] as const,
  stations: ['stations'] as const,
  worklist: (station: string, q: string, date = '') => ['worklist', station, q, date] as const,
  worklistSearch: (query: WorklistQuery, time: number, limit: number) =>
    ['worklist-search', query, time, limit] as const,
  procedure: (procedureId: string) => ['procedure', procedureId] as const,
  procedureStep: (procedureId: string) => ['procedure', procedureId, 'step'] as const,
  procedures: (station: string, date: string) => ['procedures', station, date] as const,
  allProcedureClips: ['procedure-clips'] as const,
  procedureClips: (procedureId: string) => ['procedure-clips', procedureId] as const,
  allClips: ['clips'] as const,
  clips: (query: ClipQuery) => ['clips', query] as const,
  clip: (clipId: string) => ['clip', clipId] as const,
  allDeliveries: ['deliveries'] as const,
  destinations: ['destinations'] as const,
  alarms: ['alarms'] as const,
  audit: (clipId: string) => ['clip', clipId, 'audit'] as const,
};

/** Without the feed, questions are asked instead. */
const POLL_WITHOUT_FEED_MS = 2_000;

export function useStations(feedAlive = true) {
  return useQuery({
    queryKey: keys.stations,
    queryFn: async ({ signal }) => (await api.stations(signal)).toSorted(byName),
    refetchInterval: feedAlive ? 30_000 : POLL_WITHOUT_FEED_MS,
  });
}

/** `station` undefined: of every room; `date` '': today. */
export function useWorklist(station: string | undefined, q: string, date = '') {
  return useQuery({
    queryKey: keys.worklist(station ?? '', q, date),
    queryFn: () => api.worklist(station, q, date),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}

/** Asked live, once for each press (`time`): what was found a while ago is not shown again as if it were now. */
export function useWorklistSearch(query: WorklistQuery, time: number, limit: number) {
  return useQuery({
    queryKey: keys.worklistSearch(query, time, limit),
    queryFn: ({ signal }) => api.searchWorklist(query, limit, signal),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

export const procedureClipsOptions = (procedureId: string, feedAlive: boolean) =>
  queryOptions({
    queryKey: keys.procedureClips(procedureId),
    queryFn: async (): Promise<ClipView[]> => (await api.clips({ procedure: procedureId }, undefined, 100)).items,
    refetchInterval: feedAlive ? false : POLL_WITHOUT_FEED_MS,
  });

export function useClips(query: ClipQuery) {
  return useInfiniteQuery({
    queryKey: keys.clips(query),
    queryFn: ({ pageParam }) => api.clips(query, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

export const clipOptions = (clipId: string) =>
  queryOptions({ queryKey: keys.clip(clipId), queryFn: () => api.clip(clipId) });

export function useClip(clipId: string) {
  return useQuery(clipOptions(clipId));
}

/** What the site is set to; read once. */
export function useAppConfig() {
  return useQuery({ queryKey: keys.config, queryFn: api.config, staleTime: Infinity });
}

export function useDestinations() {
  return useQuery({ queryKey: keys.destinations, queryFn: api.destinations, refetchInterval: 15_000 });
}

export function useDeliveries(query: DeliveryQuery) {
  return useInfiniteQuery({
    queryKey: [...keys.allDeliveries, query],
    queryFn: ({ pageParam }) => api.deliveries(query, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
}

export function useAlarms() {
  // What would be refused is not even asked: each refusal stands in the audit.
  const enabled = useMay()('room.read');
  return useQuery({ queryKey: keys.alarms, queryFn: api.alarms, refetchInterval: 60_000, enabled });
}

/** Read again whenever the clip changes: its key lies below the clip's. */
export function useClipAudit(clipId: string) {
  return useQuery({ queryKey: keys.audit(clipId), queryFn: () => api.clipAudit(clipId) });
}

export function useProcedure(procedureId: string) {
  return useQuery({ queryKey: keys.procedure(procedureId), queryFn: () => api.procedure(procedureId) });
}

export function useProcedures(station: string, date: string) {
  return useQuery({
    queryKey: keys.procedures(station, date),
    queryFn: () => api.procedures(station, date === '' ? undefined : date),
    placeholderData: keepPreviousData,
  });
}

/** Asked of the gateway: while that is away there is nothing to show, and it is asked again later. */
export function useProcedureStep(procedureId: string) {
  return useQuery({
    queryKey: keys.procedureStep(procedureId),
    queryFn: () => api.procedureStep(procedureId),
    refetchInterval: 30_000,
    retry: false,
  });
}
