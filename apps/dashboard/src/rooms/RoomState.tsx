import type { StationView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useNow } from '../app/use-now.ts';
import { stopwatch } from '../format/quantities.ts';
import { Badge } from '../ui/StateBadge.tsx';
import { roomLooks } from './looks.ts';

/** The one word on a room: recording for so long, away, in use or free. */
export function RoomState({ station: { recording, online, procedure } }: { station: StationView }) {
  const { t } = useTranslation();
  const now = useNow();
  if (recording) {
    const time = stopwatch(now.getTime() - Date.parse(recording.startedAt));
    return <Badge look={roomLooks.recording} text={time} size="md" />;
  }
  if (!online) return <Badge look={roomLooks.offline} text={t('rooms.offline')} />;
  if (procedure) return <Badge look={roomLooks.used} text={t('rooms.inUse')} />;
  return <Badge look={roomLooks.free} text={t('rooms.free')} />;
}
