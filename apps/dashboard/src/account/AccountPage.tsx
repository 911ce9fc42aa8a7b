import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { CallerView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { Empty } from '../ui/Placeholder.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import classes from './Account.module.css';
import { OwnSessions } from './OwnSessions.tsx';
import { PasswordForm } from './PasswordForm.tsx';
import { useCaller } from './session.ts';
import { signOut } from './sign-out.ts';

/** The own account: who one is here, the password, and where one is signed in. */
export function AccountPage() {
  const { t } = useTranslation();
  const caller = useCaller();
  if (caller?.kind !== 'person') return <Empty title={t('setUp.notice')} />;
  return (
    <>
      <PageTitle title={t('account.title')}>
        <Button variant="default" onClick={() => void signOut()}>
          {t('account.signOut')}
        </Button>
      </PageTitle>
      <div className={classes.columns}>
        <div className={classes.column}>
          <Who caller={caller} />
          <section className={panel.panel}>
            <h2>{t('account.sessions')}</h2>
            <OwnSessions />
          </section>
        </div>
        {caller.hasPassword && (
          <section className={panel.panel}>
            <h2>{t('account.password')}</h2>
            <PasswordForm
              name={caller.actor}
              currentLabel={t('account.current')}
              submit={t('account.change')}
              onDone={() => notifications.show({ message: t('account.changed') })}
            />
          </section>
        )}
      </div>
    </>
  );
}

function Who({ caller }: { caller: CallerView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { displayName, actor, roles, stations, hasPassword, endsAt, idleMinutes } = caller;
  return (
    <section className={panel.panel} data-testid="who">
      <h2>{t('account.who')}</h2>
      <dl className={classes.facts}>
        <dt>{t('admin.display')}</dt>
        <dd>{displayName}</dd>
        <dt>{t('access.name')}</dt>
        <dd>{actor}</dd>
        <dt>{t('account.roles')}</dt>
        <dd>{roles.map((role) => t(`access.role.${role}`)).join(', ')}</dd>
        <dt>{t('access.rooms')}</dt>
        <dd>{stations === null ? t('access.everyRoom') : stations.join(', ')}</dd>
      </dl>
      {!hasPassword && <p className={panel.soft}>{t('account.fromProvider')}</p>}
      {endsAt !== undefined && (
        <p className={panel.soft}>{t('account.ends', { minutes: idleMinutes ?? 0, time: dateTime(endsAt, locale) })}</p>
      )}
    </section>
  );
}
