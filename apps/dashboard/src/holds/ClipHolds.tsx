import type { ClipDetail } from '@smartbox/contracts';
import { Button, SegmentedControl } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconGavel } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import { adminApi } from '../api/admin.ts';
import { persistently } from '../api/persistently.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dayTime } from '../format/dates.ts';
import { useAuditText } from '../ui/useAuditText.ts';
import classes from './Holds.module.css';
import { ReasonDialog } from './ReasonDialog.tsx';
import { ReleaseHold } from './ReleaseHold.tsx';
import { useHoldsChanged } from './useHoldsChanged.ts';

type Scope = 'clip' | 'procedure';

/** Legal holds of a clip and of its procedure: why no rule removes it, and who said so. */
export function ClipHolds({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const { actor: actorName } = useAuditText();
  const changed = useHoldsChanged();
  const [asking, setAsking] = useState(false);
  const [scope, setScope] = useState<Scope>('clip');
  const holdId = useRef(ulid());
  const set = useMutation({
    mutationFn: (reason: string) => {
      const of = scope === 'clip' ? { clipId: clip.clipId } : { procedureId: clip.procedureId };
      return persistently(() => adminApi.createHold({ holdId: holdId.current, reason, ...of }));
    },
    onSuccess: async () => {
      setAsking(false);
      holdId.current = ulid();
      notifications.show({ message: t('hold.setNow') });
      await changed();
    },
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
  });
  return (
    <div data-testid="clip-holds" data-held={clip.holds.length > 0}>
      {clip.holds.length > 0 && (
        <ul className={classes.list}>
          {clip.holds.map((hold) => (
            <li key={hold.holdId} className={classes.hold} data-tone="warn">
              <IconGavel size={20} aria-hidden />
              <div>
                <strong>{t(hold.of === 'clip' ? 'hold.ofClip' : 'hold.ofProcedure')}</strong>
                <p>{hold.reason}</p>
                <small>{t('hold.setBy', { by: actorName(hold.by), time: dayTime(hold.at, locale, new Date()) })}</small>
              </div>
              <ReleaseHold holdId={hold.holdId} reason={hold.reason} />
            </li>
          ))}
        </ul>
      )}
      <Button
        size="sm"
        variant="default"
        leftSection={<IconGavel size={16} aria-hidden />}
        onClick={() => setAsking(true)}
        data-testid="set-hold"
      >
        {t('hold.set')}
      </Button>
      <ReasonDialog
        open={asking}
        title={t('hold.setTitle')}
        label={t('hold.reason')}
        confirm={t('hold.set')}
        busy={set.isPending}
        onClose={() => setAsking(false)}
        onConfirm={(reason) => set.mutate(reason)}
      >
        <p className={classes.hint}>{t('hold.hint')}</p>
        <SegmentedControl
          fullWidth
          mb="md"
          aria-label={t('hold.scope')}
          value={scope}
          onChange={(value) => setScope(value)}
          data={[
            { value: 'clip', label: t('hold.thisClip') },
            { value: 'procedure', label: t('hold.thisProcedure') },
          ]}
          data-testid="hold-scope"
        />
      </ReasonDialog>
    </div>
  );
}
