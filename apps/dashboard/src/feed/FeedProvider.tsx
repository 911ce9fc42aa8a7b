import type { ClipDetail, ClipView, FeedMessage, StationView } from '@smartbox/contracts';
import { useQueryClient } from '@tanstack/react-query';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { api } from '../api/client.ts';
import { keys } from '../api/queries.ts';
import type { ClipPage } from '../api/schemas.ts';
import { FeedConnection } from './connection.ts';
import type { FeedHealth } from './connection.ts';
import { addAlarm, applyProcedure, replaceClip, upsertClip, upsertStation } from './reduce.ts';
import type { Alarm } from './reduce.ts';

interface Feed {
  connection: FeedConnection;
  alarms: Alarm[];
  dismissAlarm: (key: string) => void;
}

const FeedContext = createContext<Feed | undefined>(undefined);

function applyClip(client: QueryClient, clip: ClipView): void {
  client.setQueryData<ClipView[]>(keys.procedureClips(clip.procedureId), (clips) => clips && upsertClip(clips, clip));
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
    case 'clip-removed':
      removeClip(client, message.clipId);
      break;
    case 'station':
      applyStations(client, (stations) => upsertStation(stations, message.station));
      break;
    case 'procedure':
      applyStations(client, (stations) => stations.map((s) => applyProcedure(s, message.procedure)));
      break;
    case 'alarm':
    case 'marker':
    case 'heartbeat':
      break;
  }
}

/** Keeps every query fresh from the server's feed, and knows whether that feed is alive. */
export function FeedProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [alarms, setAlarms] = useState<Alarm[]>([]);
  const connection = useMemo(
    () =>
      new FeedConnection({
        open: () => new EventSource(api.feedUrl),
        onOpen: () => void client.invalidateQueries(),
        onMessage: (message) => {
          apply(client, message);
          if (message.kind === 'alarm') setAlarms((before) => addAlarm(before, message));
        },
      }),
    [client],
  );
  useEffect(() => {
    connection.start();
    return () => connection.stop();
  }, [connection]);
  const dismissAlarm = useCallback((key: string) => setAlarms((all) => all.filter((a) => a.key !== key)), []);
  const feed = useMemo(() => ({ connection, alarms, dismissAlarm }), [connection, alarms, dismissAlarm]);
  return <FeedContext value={feed}>{children}</FeedContext>;
}

function useFeed(): Feed {
  const feed = use(FeedContext);
  if (!feed) throw new Error('useFeed is used outside FeedProvider');
  return feed;
}

export function useFeedHealth(): FeedHealth {
  const { connection } = useFeed();
  return useSyncExternalStore(connection.subscribe, connection.health);
}

export function useAlarms(): Pick<Feed, 'alarms' | 'dismissAlarm'> {
  return useFeed();
}
