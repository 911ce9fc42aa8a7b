import { IconHelp, IconLayoutGrid } from '@tabler/icons-react';
import type { StationView } from '@smartbox/contracts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { clockTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { LanguageSwitch } from '../ui/Switches.tsx';
import classes from './Console.module.css';

interface Props {
  station: StationView;
  children: ReactNode;
  onHelp: () => void;
  /** Beside the help. */
  extra?: ReactNode;
  /** The worklist has room for what is rarely needed. */
  full?: boolean;
}

/** Top of the console: who or what on the left, room and clock on the right. */
export function ConsoleHeader({ station, children, onHelp, extra, full = false }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  return (
    <header className={classes.header}>
      <div className={classes.headerMain}>{children}</div>
      {full && (
        <>
          <LanguageSwitch size="xl" />
          <Link to="/" className={classes.iconButton} aria-label={t('console.desk')}>
            <IconLayoutGrid size={34} aria-hidden />
          </Link>
        </>
      )}
      {extra}
      <button
        type="button"
        className={classes.iconButton}
        onClick={onHelp}
        aria-label={t('console.help')}
        data-testid="help"
      >
        <IconHelp size={36} aria-hidden />
      </button>
      <div className={classes.room}>
        <span className={`${classes.clock} tnum`}>{clockTime(now, locale)}</span>
        <span className={classes.roomName}>{station.name}</span>
        {station.recording && (
          <span className={`${classes.recordingLabel} tnum`} data-testid="recording-label">
            <span className={classes.recordingDot} aria-hidden />
            <span className="visually-hidden">{t('console.recording')}</span> REC{' '}
            {stopwatch(now.getTime() - Date.parse(station.recording.startedAt))}
          </span>
        )}
      </div>
    </header>
  );
}
