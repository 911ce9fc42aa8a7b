import { VisuallyHidden } from '@mantine/core';
import { IconLayoutGrid, IconMovie, IconSend, IconSettings } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet } from 'react-router';
import { AccountMenu } from '../account/AccountMenu.tsx';
import { GlassBanner } from '../account/GlassBanner.tsx';
import { OpenNotice } from '../account/OpenNotice.tsx';
import { useCaller, useMay } from '../account/session.ts';
import { adminPages } from '../admin/pages.ts';
import { useAlarms } from '../api/queries.ts';
import { FeedBanner } from '../ui/FeedBanner.tsx';
import { LanguageSwitch, SchemeSwitch } from '../ui/Switches.tsx';
import classes from './DeskLayout.module.css';

const sections = [
  { to: '/', key: 'rooms', icon: IconLayoutGrid, needs: ['room.read'] },
  { to: '/recordings', key: 'recordings', icon: IconMovie, needs: ['clip.read'] },
  { to: '/deliveries', key: 'deliveries', icon: IconSend, needs: ['delivery.read'] },
  { to: '/admin', key: 'admin', icon: IconSettings, needs: adminPages.map((page) => page.needs) },
] as const;

/** Frame of the department's pages: navigation on the left, at the bottom on a phone. */
export function DeskLayout() {
  const { t } = useTranslation();
  const may = useMay();
  // A panel comes here to trim a clip only, and goes back to its room.
  const isPanel = useCaller()?.kind === 'panel';
  const shown = isPanel ? [] : sections.filter(({ needs }) => needs.some(may));
  const { data: alarms = [] } = useAlarms();
  const open = alarms.filter((alarm) => !alarm.acknowledged).length;
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#content">
        {t('app.skip')}
      </a>
      <header className={classes.side}>
        <div className={classes.brand}>
          <img src="/favicon.svg" width={32} height={32} alt="" />
          <span>{t('app.name')}</span>
        </div>
        <nav className={classes.nav} aria-label={t('app.menu')}>
          {shown.map(({ to, key, icon: Icon }) => (
            <NavLink key={to} to={to} end={to === '/'} className={classes.link ?? ''} data-testid={`nav-${key}`}>
              <Icon size={22} stroke={1.8} aria-hidden />
              <span>{t(`app.${key}`)}</span>
              {key === 'rooms' && open > 0 && (
                <span className={classes.count} data-testid="open-alarms">
                  <span aria-hidden>{open}</span>
                  <VisuallyHidden>{t('alarm.open', { count: open })}</VisuallyHidden>
                </span>
              )}
            </NavLink>
          ))}
        </nav>
        <div className={classes.switches}>
          <AccountMenu />
          <LanguageSwitch />
          <SchemeSwitch />
        </div>
      </header>
      <div className={classes.body}>
        <OpenNotice />
        <GlassBanner />
        <FeedBanner text={t('feed.lostDesk')} />
        <main id="content" tabIndex={-1} className={classes.content}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
