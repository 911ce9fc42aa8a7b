import { Anchor } from '@mantine/core';
import { IconLockOpen } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import classes from './Account.module.css';
import { useSession } from './session.ts';

/** Says, without getting in the way, that nothing is locked yet, and how to change that. */
export function OpenNotice() {
  const { t } = useTranslation();
  if (useSession().view?.access !== 'open') return null;
  return (
    <p className={classes.open} data-testid="no-accounts">
      <IconLockOpen size={18} aria-hidden />
      <span>{t('setUp.notice')}</span>
      <Anchor component={Link} to="/set-up" inherit>
        {t('setUp.link')}
      </Anchor>
    </p>
  );
}
