import { Button, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, useRouteError } from 'react-router';

/** What stands in place of a view that threw: never a white page. */
export function Crash() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <Stack align="center" justify="center" p="xl" mih="60vh" role="alert">
      <Title order={2}>{t('app.crashed')}</Title>
      <Text c="dimmed">{error instanceof Error ? error.message : String(error)}</Text>
      <Button size="lg" onClick={() => location.reload()}>
        {t('app.reload')}
      </Button>
    </Stack>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Stack align="center" justify="center" p="xl" mih="60vh">
      <Title order={2}>{t('app.notFound')}</Title>
      <Button component={Link} to="/" size="lg">
        {t('app.toRooms')}
      </Button>
    </Stack>
  );
}
