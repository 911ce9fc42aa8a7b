import type { CaptureDevice } from '@smartbox/contracts';
import { Button, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangleFilled, IconPhoto } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { adminApi } from '../../api/admin.ts';
import { ApiError } from '../../api/errors.ts';
import { useLocale } from '../../app/locale.ts';
import { useErrorText } from '../../app/useErrorText.ts';
import { clockTime } from '../../format/dates.ts';
import { elapsed } from '../../format/quantities.ts';
import { hasText } from '../../i18n/index.ts';
import { Badge } from '../../ui/StateBadge.tsx';
import type { Choice } from './device-modes.ts';
import classes from './Devices.module.css';
import { useModeText } from './useModeText.ts';

interface Props {
  stationId: string;
  device: CaptureDevice;
  /** The mode to open it in. */
  mode: Choice;
}

/** One picture of a device that is no source yet: is it the right camera, and is it set right? */
export function DeviceLook({ stationId, device, mode }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { sizeText, modeText } = useModeText();
  const { path } = device;
  // nobody else is to find it here later: there may be a patient in it
  const look = useMutation({
    mutationFn: async (wanted: Choice) => ({
      ...(await adminApi.deviceLook(stationId, device.stablePath ?? path, wanted)),
      at: Date.now(),
    }),
    gcTime: 0,
  });
  const { data, error } = look;
  return (
    <div className={classes.look} aria-live="polite" data-testid={`look-${path}`}>
      <div className={classes.ask}>
        <Button
          variant="default"
          leftSection={<IconPhoto size={18} aria-hidden />}
          loading={look.isPending}
          onClick={() => look.mutate(mode)}
        >
          {data ? t('cameras.look.again') : t('cameras.look.first')}
          <VisuallyHidden>{device.name}</VisuallyHidden>
        </Button>
        <span className={classes.lookMode}>
          {look.isPending ? t('cameras.look.waiting') : mode.asItComes ? t('cameras.look.asItComes') : modeText(mode)}
        </span>
      </div>
      {error && !look.isPending && <Refusal error={error} path={path} />}
      {data && (
        <figure className={classes.picture}>
          <img src={`data:image/jpeg;base64,${data.jpeg}`} alt={t('cameras.look.alt', { name: device.name })} />
          <figcaption>
            {t('cameras.look.taken', {
              time: clockTime(data.at, locale, true),
              size: sizeText(data),
              format: data.pixelFormat,
              first: elapsed(data.firstPictureMs, locale),
            })}
          </figcaption>
        </figure>
      )}
    </div>
  );
}

function Refusal({ error, path }: { error: Error; path: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const key =
    `cameras.look.trouble.${error instanceof ApiError ? error.code : ''}` as 'cameras.look.trouble.device-busy';
  return (
    <div className={classes.refusal} data-testid="look-refused">
      <Badge look={['bad', IconAlertTriangleFilled]} text={t('cameras.look.none')} />
      <span>{hasText(key) ? t(key, { path }) : errorText(error)}</span>
    </div>
  );
}
