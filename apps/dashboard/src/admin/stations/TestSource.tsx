import { Button, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangleFilled, IconCheck, IconStethoscope } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { adminApi } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { useErrorText } from '../../app/useErrorText.ts';
import { elapsed } from '../../format/quantities.ts';
import { Badge } from '../../ui/StateBadge.tsx';
import classes from './Stations.module.css';

/** Asks the station and waits for a picture. */
export function TestSource({ stationId, sourceId, name }: { stationId: string; sourceId: string; name: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const test = useMutation({ mutationFn: () => adminApi.testSource(stationId, sourceId) });
  const { data } = test;
  return (
    <div className={classes.tests} aria-live="polite">
      <Button
        variant="default"
        leftSection={<IconStethoscope size={18} aria-hidden />}
        loading={test.isPending}
        onClick={() => test.mutate()}
        data-testid={`test-${sourceId}`}
      >
        {t('station.test')}
        <VisuallyHidden>{name}</VisuallyHidden>
      </Button>
      {data?.ok && (
        <Badge
          look={['good', IconCheck]}
          text={t('station.testOk', {
            answer: elapsed(data.answerMs ?? 0, locale),
            picture: elapsed(data.pictureMs ?? 0, locale),
          })}
        />
      )}
      {data?.ok === false && (
        <>
          <Badge look={['bad', IconAlertTriangleFilled]} text={t('station.testFailed')} />
          <span className={classes.reason}>
            {t(`state.${data.state}`)}
            {data.reason !== undefined && `: ${data.reason}`}
          </span>
        </>
      )}
      {test.error && <span className={classes.reason}>{errorText(test.error)}</span>}
    </div>
  );
}
