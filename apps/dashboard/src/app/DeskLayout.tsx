import { IconLayoutGrid, IconMovie, IconSend, IconServer } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet } from 'react-router';
import { FeedBanner } from '../ui/FeedBanner.tsx';
import { LanguageSwitch, SchemeSwitch } from '../ui/Switches.tsx';
import classes from './DeskLayout.module.css';

const sections = [
  { to: '/', key: 'rooms', icon: IconLayoutGrid },
  { to: '/recordings', key: 'recordings', icon: IconMovie },
  { to: '/deliveries', key: 'deliveries', icon: IconSend },
  { to: '/admin/destinations', key: 'destinations', icon: IconServer },
] as const;

/** Frame of the department's pages: navigation on the left, at the bottom on a phone. */
export function DeskLayout() {
  const { t } = useTranslation();
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
          {sections.map(({ to, key, icon: Icon }) => (
            <NavLink key={to} to={to} end={to === '/'} className={classes.link ?? ''} data-testid={`nav-${key}`}>
              <Icon size={22} stroke={1.8} aria-hidden />
              <span>{t(`app.${key}`)}</span>
            </NavLink>
          ))}
        </nav>
        <div className={classes.switches}>
          <LanguageSwitch />
          <SchemeSwitch />
        </div>
      </header>
      <div className={classes.body}>
        <FeedBanner text={t('feed.lostDesk')} />
        <main id="content" tabIndex={-1} className={classes.content}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
