import { useTranslation } from 'react-i18next';
import { Navigate, NavLink, Outlet } from 'react-router';
import { Allowed } from '../account/Allowed.tsx';
import { useMay } from '../account/session.ts';
import classes from './Admin.module.css';
import { adminPages } from './pages.ts';

/** Tabs of the administration over its pages, as far as the role goes. */
export function AdminLayout() {
  const { t } = useTranslation();
  return (
    <>
      <nav className={classes.tabs} aria-label={t('app.admin')}>
        {adminPages.map(({ to, key, icon: Icon, needs }) => (
          <Allowed key={to} to={needs}>
            <NavLink to={to} className={classes.tab ?? ''} data-testid={`nav-${key}`}>
              <Icon size={18} stroke={1.8} aria-hidden />
              {t(`app.${key}`)}
            </NavLink>
          </Allowed>
        ))}
      </nav>
      <Outlet />
    </>
  );
}

/** `/admin`: the first page that one may see. */
export function AdminHome() {
  const may = useMay();
  return <Navigate to={adminPages.find(({ needs }) => may(needs))?.to ?? '/'} replace />;
}
