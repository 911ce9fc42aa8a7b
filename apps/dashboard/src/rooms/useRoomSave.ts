import type { ClipView } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { api } from '../api/client.ts';
import { persistently } from '../api/persistently.ts';
import { keys } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import type { SaveAttempt } from '../console/saves.ts';
import { isSaved } from '../ui/clip-state.ts';

/** The last save of a room pressed at this desk, and what became of it. */
export function useRoomSave(stationId: string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [attempt, setAttempt] = useState<SaveAttempt>();
  const [undone, setUndone] = useState(false);
  const clipId = attempt?.clipId ?? '';
  const { data: clip } = useQuery({
    queryKey: keys.clip(clipId),
    queryFn: (): Promise<ClipView> => api.clip(clipId),
    enabled: clipId !== '' && attempt?.refused === undefined && !undone,
    // The feed tells it at once; asking covers a feed that is away.
    refetchInterval: (query) => (query.state.data && isSaved(query.state.data) ? false : 1_000),
  });

  const save = async (seconds: number) => {
    const id = ulid();
    setUndone(false);
    setAttempt({ clipId: id, seconds, startedAt: Date.now() });
    try {
      await persistently(() => api.saveClip({ clipId: id, stationId, lastSeconds: seconds, pressedAt: 'desk' }));
      await client.invalidateQueries({ queryKey: keys.clip(id) });
    } catch (error) {
      const refused = errorText(error);
      setAttempt((one) => (one?.clipId === id ? { ...one, refused } : one));
    }
  };
  const undo = async () => {
    try {
      await api.undoClip(clipId);
      setUndone(true);
    } catch (error) {
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false });
    }
  };
  return { attempt, clip, undone, save, undo, dismiss: () => setAttempt(undefined) };
}

export type RoomSave = ReturnType<typeof useRoomSave>;
