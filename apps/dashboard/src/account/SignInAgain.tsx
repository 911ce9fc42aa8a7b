import { Button, Modal, Text } from '@mantine/core';
import type { SessionView } from '@smartbox/contracts';
import { IconBuildingHospital } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Entry.module.css';
import { PasswordSignIn } from './PasswordSignIn.tsx';
import { providerUrl, session } from './session.ts';

const LOOK_MS = 1_000;

/** Over the page as it was left: the same person signs in, and everything goes on where it stopped. */
export function SignInAgain({ view, large }: { view: SessionView; large: boolean }) {
  const { t } = useTranslation();
  const { caller, signIn } = view;
  const size = large ? 'xl' : 'md';
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      centered
      zIndex={1_000}
      size={large ? 'xl' : 'md'}
      title={<strong>{t('signIn.ended')}</strong>}
      overlayProps={{ blur: 14, backgroundOpacity: 0.9 }}
    >
      <Text data-testid="session-ended">{t('signIn.endedHint')}</Text>
      <Text c="dimmed">{t('signIn.endedAs', { name: caller?.displayName ?? '' })}</Text>
      {signIn.provider && caller?.hasPassword !== true && <AtProvider {...signIn.provider} size={size} />}
      {caller?.hasPassword === true && <PasswordSignIn name={caller.actor} large={large} />}
      <div className={classes.foot}>
        <Button variant="subtle" size={size} onClick={() => location.assign('/')} data-testid="other-person">
          {t('signIn.other')}
        </Button>
        <Text size="sm" c="dimmed">
          {t('signIn.otherHint')}
        </Text>
      </div>
    </Modal>
  );
}

/** The hospital's page needs a window of its own: this one keeps what was typed. */
function AtProvider({ name, startUrl, size }: { name: string; startUrl: string; size: 'xl' | 'md' }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (!opened) return;
    const timer = setInterval(() => void session.refresh(), LOOK_MS);
    return () => clearInterval(timer);
  }, [opened]);
  return (
    <div className={classes.form}>
      <Button
        size={size}
        leftSection={<IconBuildingHospital size={22} aria-hidden />}
        data-autofocus
        onClick={() => {
          window.open(providerUrl(startUrl, '/signed-in'), 'smartbox-sign-in', 'popup,width=560,height=720');
          setOpened(true);
        }}
        data-testid="sign-in-provider"
      >
        {t('signIn.at', { name })}
      </Button>
      <Text size="sm" c="dimmed">
        {t('signIn.window')}
      </Text>
    </div>
  );
}
