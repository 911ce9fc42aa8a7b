import { MantineProvider, mergeThemeOverrides, Notification } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useLocation } from 'react-router';
import { SessionGate } from '../account/SessionGate.tsx';
import { FeedProvider } from '../feed/FeedProvider.tsx';
import { cssVariables, theme } from './theme.ts';

/** The operator console is always dark: it stands in a darkened room. */
export function Root() {
  const { t } = useTranslation();
  const console = useLocation().pathname.startsWith('/console/');
  const close = t('app.close');
  const named = useMemo(() => {
    const closeButtonProps = { 'aria-label': close };
    return mergeThemeOverrides(theme, {
      components: { Notification: Notification.extend({ defaultProps: { closeButtonProps } }) },
    });
  }, [close]);
  return (
    <MantineProvider
      theme={named}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      {...(console ? { forceColorScheme: 'dark' as const } : {})}
    >
      <Notifications position={console ? 'top-center' : 'bottom-right'} />
      <SessionGate large={console}>
        <FeedProvider>
          <Outlet />
        </FeedProvider>
      </SessionGate>
    </MantineProvider>
  );
}
