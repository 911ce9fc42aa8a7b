import type { Removed } from '@smartbox/contracts';
import { IconCalendarOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { Empty } from '../ui/Placeholder.tsx';

/** Where a video was: what is known of it stays. */
export function Tombstone({ removed }: { removed: Removed }) {
  const { t } = useTranslation();
  const locale = useLocale();
  return (
    <div data-testid="tombstone">
      <Empty
        icon={<IconCalendarOff size={52} stroke={1.3} aria-hidden />}
        title={t('retention.tombstone')}
        hint={t('retention.tombstoneText', { time: dateTime(removed.at, locale), rule: removed.rule })}
      />
    </div>
  );
}
