import type { ClipView } from '@smartbox/contracts';
import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api } from './client.ts';
import type { ClipQuery, DeliveryQuery } from './client.ts';

export const keys = {
  stations: ['stations'] as const,
  worklist: (station: string, q: string) => ['worklist', station, q] as const,
  allProcedureClips: ['procedure-clips'] as const,
  procedureClips: (procedureId: string) => ['procedure-clips', procedureId] as const,
  allClips: ['clips'] as const,
  clips: (query: ClipQuery) => ['clips', query] as const,
  clip: (clipId: string) => ['clip', clipId] as const,
  allDeliveries: ['deliveries'] as const,
  destinations: ['destinations'] as const,
};

/** Without the feed, questions are asked instead. */
const POLL_WITHOUT_FEED_MS = 2_000;

export function useStations(feedAlive = true) {
  return useQuery({
    queryKey: keys.stations,
    queryFn: ({ signal }) => api.stations(signal),
    refetchInterval: feedAlive ? 30_000 : POLL_WITHOUT_FEED_MS,
  });
}

export function useWorklist(station: string, q: string) {
  return useQuery({
    queryKey: keys.worklist(station, q),
    queryFn: () => api.worklist(station, q),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
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

export function useClip(clipId: string) {
  return useQuery({ queryKey: keys.clip(clipId), queryFn: () => api.clip(clipId) });
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
