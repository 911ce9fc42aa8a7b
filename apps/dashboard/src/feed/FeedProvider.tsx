import type { ClipDetail, ClipView, FeedMessage, StationView } from '@smartbox/contracts';
import { useQueryClient } from '@tanstack/react-query';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { createContext, use, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { useMay } from '../account/session.ts';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import type { ClipPage } from '../api/schemas.ts';
import { applyEdit, applyExport } from '../editor/work.ts';
import { FeedConnection } from './connection.ts';
import type { FeedHealth } from './connection.ts';
import { applyProcedure, replaceClip, upsertClip, upsertStation } from './reduce.ts';
import { told } from './told.ts';

const FeedContext = createContext<FeedConnection | undefined>(undefined);

function applyClip(client: QueryClient, clip: ClipView): void {
  told<ClipView[]>(client, keys.procedureClips(clip.procedureId), (clips) => upsertClip(clips, clip));
  client.setQueriesData<InfiniteData<ClipPage>>({ queryKey: keys.allClips }, (data) =>
    data ? { ...data, pages: data.pages.map((page) => replaceClip(page, clip)) } : data,
  );
  client.setQueryData<ClipDetail>(keys.clip(clip.clipId), (detail) => detail && { ...detail, ...clip });
  void client.invalidateQueries({ queryKey: keys.clip(clip.clipId) });
  void client.invalidateQueries({ queryKey: keys.allClips }, { cancelRefetch: false });
  void client.invalidateQueries({ queryKey: keys.allDeliveries }, { cancelRefetch: false });
}

function removeClip(client: QueryClient, clipId: string): void {
  const others = (clips: ClipView[]) => clips.filter((clip) => clip.clipId !== clipId);
  client.setQueriesData<ClipView[]>({ queryKey: keys.allProcedureClips }, (clips) => clips && others(clips));
  client.setQueriesData<InfiniteData<ClipPage>>({ queryKey: keys.allClips }, (data) =>
    data ? { ...data, pages: data.pages.map((page) => ({ ...page, items: others(page.items) })) } : data,
  );
  void client.invalidateQueries({ queryKey: keys.clip(clipId) });
}

function applyStations(client: QueryClient, change: (stations: StationView[]) => StationView[]): void {
  client.setQueryData<StationView[]>(keys.stations, (stations) => (stations ? change(stations) : stations));
}

function apply(client: QueryClient, message: FeedMessage): void {
  switch (message.kind) {
    case 'clip':
      applyClip(client, message.clip);
      break;
    case 'edit':
      applyEdit(client, message.edit);
      break;
    case 'export':
      applyExport(client, message.export);
      break;
    case 'clip-removed':
      removeClip(client, message.clipId);
      break;
    case 'station':
      applyStations(client, (stations) => upsertStation(stations, message.station));
      break;
    case 'procedure':
      applyStations(client, (stations) => stations.map((s) => applyProcedure(s, message.procedure)));
      client.setQueryData(keys.procedure(message.procedure.procedureId), message.procedure);
      break;
    case 'alarm':
    case 'alarm-acknowledged':
      void client.invalidateQueries({ queryKey: keys.alarms }, { cancelRefetch: false });
      break;
    case 'marker':
    case 'heartbeat':
      break;
  }
}

/** Keeps every query fresh from the server's feed, and knows whether that feed is alive. */
export function FeedProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const connection = useMemo(
    () =>
      new FeedConnection({
        open: () => new EventSource(api.feedUrl),
        onOpen: () => void client.invalidateQueries(),
        onMessage: (message) => apply(client, message),
      }),
    [client],
  );
  const allowed = useMay()('room.read');
  useEffect(() => {
    if (!allowed) return;
    connection.start();
    return () => connection.stop();
  }, [connection, allowed]);
  return <FeedContext value={connection}>{children}</FeedContext>;
}

export function useFeedHealth(): FeedHealth {
  const connection = use(FeedContext);
  if (!connection) throw new Error('useFeedHealth is used outside FeedProvider');
  return useSyncExternalStore(connection.subscribe, connection.health);
}
