import { Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconFirstAidKit, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './Account.module.css';
import { BreakGlassDialog } from './BreakGlassDialog.tsx';
import { useCaller, useMay } from './session.ts';
import { signOut } from './sign-out.ts';

/** Who is signed in, and what concerns nobody else. */
export function AccountMenu() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const caller = useCaller();
  const may = useMay();
  const [emergency, setEmergency] = useState(false);
  const out = useMutation({
    mutationFn: signOut,
    onError: (error) => notifications.show({ color: 'red', title: t('error.title'), message: errorText(error) }),
  });
  if (caller?.kind !== 'person') return null;
  // Whoever sees everything already has nothing to open.
  const somethingClosed = caller.stations !== null || !may('patient.read');
  return (
    <>
      <Menu position="top-start" width={230} withinPortal>
        <Menu.Target>
          <button
            type="button"
            className={classes.me}
            aria-label={t('account.menu', { name: caller.displayName })}
            data-testid="account-menu"
          >
            <IconUserCircle size={24} stroke={1.7} aria-hidden />
            <span aria-hidden>{caller.displayName}</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to="/account" leftSection={<IconUserCircle size={18} aria-hidden />}>
            {t('account.mine')}
          </Menu.Item>
          {may('access.break-glass') && somethingClosed && (
            <Menu.Item
              leftSection={<IconFirstAidKit size={18} aria-hidden />}
              onClick={() => setEmergency(true)}
              data-testid="break-glass"
            >
              {t('account.emergency')}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconLogout size={18} aria-hidden />}
            onClick={() => out.mutate()}
            data-testid="sign-out"
          >
            {t('account.signOut')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <BreakGlassDialog open={emergency} onClose={() => setEmergency(false)} />
    </>
  );
}
