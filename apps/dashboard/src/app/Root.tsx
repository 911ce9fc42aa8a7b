import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { Outlet, useLocation } from 'react-router';
import { cssVariables, theme } from './theme.ts';

/** The operator console is always dark: it stands in a darkened room. */
export function Root() {
  const console = useLocation().pathname.startsWith('/console/');
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      {...(console ? { forceColorScheme: 'dark' as const } : {})}
    >
      <Notifications position={console ? 'top-center' : 'bottom-right'} />
      <Outlet />
    </MantineProvider>
  );
}
