import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../app/use-now.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { stopwatch } from '../format/quantities.ts';
import classes from './FeedBanner.module.css';

/** Says within two seconds that the server is silent, since when, and what still works. */
export function FeedBanner({ text, large = false }: { text: string; large?: boolean }) {
  const health = useFeedHealth();
  if (health.status !== 'lost') return null;
  return <FeedLost lostAt={health.lastAt} text={text} large={large} />;
}

interface LostProps {
  /** When it was heard of last, ms since 1970. */
  lostAt: number | undefined;
  text: string;
  large?: boolean;
}

export function FeedLost({ lostAt, text, large = false }: LostProps) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <div className={classes.banner} role="alert" data-tone="warn" data-large={large} data-testid="feed-lost">
      <IconPlugConnectedX size={large ? 36 : 22} aria-hidden />
      <strong>
        {t('feed.lost')}{' '}
        {lostAt !== undefined && (
          <span aria-hidden>{t('feed.lostSince', { time: stopwatch(now.getTime() - lostAt) })}</span>
        )}
      </strong>
      <span>{text}</span>
    </div>
  );
}
