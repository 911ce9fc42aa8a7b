import type { HoldView } from '@smartbox/contracts';
import { Anchor } from '@mantine/core';
import { IconGavel, IconLockOpen } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { holdsOptions } from '../../api/admin.ts';
import { useLocale } from '../../app/locale.ts';
import { dayTime } from '../../format/dates.ts';
import { ReleaseHold } from '../../holds/ReleaseHold.tsx';
import { useAuditText } from '../../ui/useAuditText.ts';
import panel from '../../ui/Panel.module.css';
import { usePatientName } from '../../ui/PatientText.tsx';
import { Failed, Loading } from '../../ui/Placeholder.tsx';
import { Badge } from '../../ui/StateBadge.tsx';
import classes from './Retention.module.css';

/** Every legal hold: those that hold, then those released last. They are set on a clip's page. */
export function HoldsPanel() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(holdsOptions);
  return (
    <section className={panel.panel}>
      <h2>{t('hold.title')}</h2>
      {!data ? (
        error ? (
          <Failed error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : data.length === 0 ? (
        <p className={panel.soft}>{t('hold.empty')}</p>
      ) : (
        <ul className={classes.holds} data-testid="holds">
          {data.map((hold) => (
            <Hold key={hold.holdId} hold={hold} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Hold({ hold }: { hold: HoldView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const { actor: actorName } = useAuditText();
  const { clipId, procedureId, released } = hold;
  const time = (at: string) => dayTime(at, locale, new Date());
  const address = clipId === undefined ? `/recordings?procedure=${procedureId}` : `/recordings/${clipId}`;
  return (
    <li data-testid={`hold-${hold.holdId}`} data-released={released !== undefined}>
      <div>
        <Anchor component={Link} to={address}>
          {nameOf(hold.patient.name)}
        </Anchor>{' '}
        <Badge
          look={released ? ['idle', IconLockOpen] : ['warn', IconGavel]}
          text={t(released ? 'hold.released' : clipId === undefined ? 'hold.ofProcedure' : 'hold.ofClip')}
          size="sm"
        />
        <p className={classes.reason}>{hold.reason}</p>
        <p className={panel.soft}>
          {t('hold.setBy', { by: actorName(hold.by), time: time(hold.at) })}
          {released &&
            ` · ${t('hold.releasedBy', { by: actorName(released.by), time: time(released.at), reason: released.reason })}`}
        </p>
      </div>
      {!released && <ReleaseHold holdId={hold.holdId} reason={hold.reason} />}
    </li>
  );
}
