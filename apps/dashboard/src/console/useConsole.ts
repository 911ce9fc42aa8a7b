import type { ClipView, StationView } from '@smartbox/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import { ulid } from 'ulid';
import { api } from '../api/client.ts';
import { persistently } from '../api/persistently.ts';
import { keys, procedureClipsOptions } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { insertClip } from '../feed/reduce.ts';
import type { PastPicture } from '../live/useRoomPast.ts';
import { debouncer } from './keymap.ts';
import { openFailures } from './saves.ts';
import type { Failure, SaveAttempt } from './saves.ts';

/** A short confirmation that needs no answer. */
export interface Note {
  id: string;
  kind: 'marker' | 'still' | 'undone';
  at: number;
  /** A still of the past: how old it was. */
  oldMs?: number;
}

/** Everything that the operator can do in one procedure, and what became of it. */
export function useConsole(station: StationView, procedureId: string) {
  const client = useQueryClient();
  const errorText = useErrorText();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: serverClips } = useQuery(procedureClipsOptions(procedureId, feedAlive));
  const [attempts, setAttempts] = useState<SaveAttempt[]>([]);
  const [others, setOthers] = useState<Failure[]>([]);
  const [acknowledged, setAcknowledged] = useState<ReadonlySet<string>>(new Set());
  const [undone, setUndone] = useState<ReadonlySet<string>>(new Set());
  const [note, setNote] = useState<Note>();
  const [recordBusy, setRecordBusy] = useState(false);
  const firstOfBurst = useRef(debouncer(() => performance.now()));

  const clips = useMemo(() => (serverClips ?? []).filter((clip) => !undone.has(clip.clipId)), [serverClips, undone]);
  const failures = useMemo(
    () => openFailures(attempts, others, clips, acknowledged),
    [attempts, others, clips, acknowledged],
  );

  const failed = useCallback(
    (action: NonNullable<Failure['action']>, error: unknown) =>
      setOthers((all) => [...all, { id: ulid(), action, reason: errorText(error) }]),
    [errorText],
  );

  const save = useCallback(
    async (seconds: number) => {
      if (!firstOfBurst.current('save')) return;
      const clipId = ulid();
      setNote(undefined);
      setAttempts((all) => [...all, { clipId, seconds, startedAt: Date.now() }]);
      try {
        const clip = await persistently(() =>
          api.saveClip({ clipId, stationId: station.stationId, lastSeconds: seconds, pressedAt: 'room' }),
        );
        client.setQueryData<ClipView[]>(keys.procedureClips(procedureId), (all) => insertClip(all ?? [], clip));
      } catch (error) {
        const refused = errorText(error);
        setAttempts((all) => all.map((a) => (a.clipId === clipId ? { ...a, refused } : a)));
      }
    },
    [client, errorText, procedureId, station.stationId],
  );

  const recordingId = station.recording?.clipId;
  const record = useCallback(async () => {
    if (!firstOfBurst.current('record')) return;
    setRecordBusy(true);
    try {
      if (recordingId === undefined) {
        const clipId = ulid();
        await persistently(() => api.startRecording(station.stationId, clipId));
      } else {
        await persistently(() => api.stopRecording(station.stationId));
      }
      await client.invalidateQueries({ queryKey: keys.stations });
    } catch (error) {
      failed('record', error);
    } finally {
      setRecordBusy(false);
    }
  }, [client, failed, recordingId, station.stationId]);

  /** Of what the tiles show: of now, unless some show the past. */
  const still = useCallback(
    async (past: readonly PastPicture[]) => {
      if (!firstOfBurst.current('still')) return;
      const id = ulid();
      try {
        if (past.length === 0) await persistently(() => api.takeStill(station.stationId, id));
        for (const { oldMs: _old, ...of } of past) {
          const clipId = ulid();
          await persistently(() => api.takeStill(station.stationId, clipId, of));
        }
        setNote({ id, kind: 'still', at: Date.now(), ...(past[0] && { oldMs: past[0].oldMs }) });
      } catch (error) {
        failed('still', error);
      }
    },
    [failed, station.stationId],
  );

  const marker = useCallback(async () => {
    if (!firstOfBurst.current('marker')) return;
    const markerId = ulid();
    const at = new Date();
    try {
      await persistently(() => api.setMarker(station.stationId, markerId, at.toISOString()));
      setNote({ id: markerId, kind: 'marker', at: at.getTime() });
    } catch (error) {
      failed('marker', error);
    }
  }, [failed, station.stationId]);

  const undo = useCallback(
    async (clipId: string) => {
      try {
        await api.undoClip(clipId);
        setUndone((ids) => new Set(ids).add(clipId));
        setAttempts((all) => all.filter((a) => a.clipId !== clipId));
        setNote({ id: clipId, kind: 'undone', at: Date.now() });
      } catch (error) {
        failed('undo', error);
      }
    },
    [failed],
  );

  const retry = useCallback(
    async (clipId: string) => {
      try {
        await api.retryClip(clipId);
      } catch (error) {
        failed('retry', error);
      }
    },
    [failed],
  );

  const acknowledge = useCallback((id: string) => setAcknowledged((ids) => new Set(ids).add(id)), []);

  return {
    clips,
    loaded: serverClips !== undefined,
    attempts,
    failures,
    note,
    recordBusy,
    save,
    record,
    still,
    marker,
    undo,
    retry,
    acknowledge,
    failed,
  };
}

export type Console = ReturnType<typeof useConsole>;
