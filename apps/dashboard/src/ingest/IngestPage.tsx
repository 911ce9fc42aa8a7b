import { Alert, Button, Select } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCamera,
  IconCameraRotate,
  IconCircle,
  IconCircleDashed,
  IconCircleFilled,
  IconPlayerStop,
  IconScreenShare,
} from '@tabler/icons-react';
import type { StationView } from '@smartbox/contracts';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { stopwatch } from '../format/quantities.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { DeviceError, hasScreen, isSecure } from './device.ts';
import classes from './IngestPage.module.css';
import type { Transmission, TransmissionPhase, TransmissionState } from './transmission.ts';
import { useFigures, useTransmission } from './useTransmission.ts';

const looks = {
  idle: ['idle', IconCircle],
  asking: ['busy', IconCircleDashed],
  connecting: ['busy', IconCircleDashed],
  sending: ['rec', IconCircleFilled],
  again: ['warn', IconCircleDashed],
  ended: ['bad', IconAlertTriangleFilled],
} as const satisfies Record<TransmissionPhase, unknown>;

/** A source that somebody can send to. */
interface Place {
  value: string;
  label: string;
  state: StationView['sources'][number]['state'];
}

/** A phone or a laptop as a camera of a room: choose the place, then camera or screen. */
export function IngestPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useStations();
  const places = (data ?? []).flatMap((station) =>
    station.sources
      .filter(({ kind }) => kind === 'whip')
      .map(({ sourceId, name, state }): Place => ({
        value: `${station.stationId}/${sourceId}`,
        label: `${station.name} · ${name}`,
        state: station.online ? state : 'offline',
      })),
  );
  return (
    <>
      <PageTitle title={t('ingest.title')} subtitle={t('ingest.subtitle')} />
      {!data ? (
        isPending ? (
          <Loading />
        ) : (
          <Failed error={error} onRetry={() => void refetch()} />
        )
      ) : places.length === 0 ? (
        <Empty title={t('ingest.empty')} hint={t('ingest.emptyHint')} />
      ) : (
        <Sender places={places} />
      )}
    </>
  );
}

function Sender({ places }: { places: Place[] }) {
  const { t } = useTranslation();
  const { transmission, state } = useTransmission();
  const [search, setSearch] = useSearchParams();
  const place = places.find(({ value }) => value === search.get('to')) ?? places[0];
  const [stationId = '', sourceId = ''] = (place?.value ?? '').split('/');
  const busy = state.stream !== undefined || state.phase === 'asking';
  return (
    <div className={classes.page} data-testid="ingest" data-state={state.phase}>
      {!isSecure() && (
        <Alert color="red" icon={<IconAlertTriangleFilled />} title={t('ingest.insecure')} data-testid="insecure">
          {t('ingest.insecureHint')}
        </Alert>
      )}
      <Select
        label={t('ingest.place')}
        data={places}
        value={place?.value ?? null}
        onChange={(value) => value !== null && setSearch({ to: value }, { replace: true })}
        allowDeselect={false}
        disabled={busy}
        size="md"
      />
      <Preview state={state} />
      <State state={state} place={place} transmission={transmission} />
      <div className={classes.controls}>
        {busy ? (
          <>
            <Button
              size="lg"
              color="red"
              leftSection={<IconPlayerStop size={22} aria-hidden />}
              onClick={() => transmission.stop()}
              data-testid="ingest-stop"
            >
              {t('ingest.stop')}
            </Button>
            {state.canFlip && (
              <Button
                size="lg"
                variant="default"
                leftSection={<IconCameraRotate size={22} aria-hidden />}
                onClick={() => void transmission.flip()}
                data-testid="ingest-flip"
              >
                {t('ingest.flip')}
              </Button>
            )}
          </>
        ) : (
          <>
            <Button
              size="lg"
              leftSection={<IconCamera size={22} aria-hidden />}
              disabled={!isSecure()}
              onClick={() => void transmission.start('camera', stationId, sourceId)}
              data-testid="ingest-camera"
            >
              {t('ingest.camera')}
            </Button>
            {hasScreen() && (
              <Button
                size="lg"
                variant="default"
                leftSection={<IconScreenShare size={22} aria-hidden />}
                onClick={() => void transmission.start('screen', stationId, sourceId)}
                data-testid="ingest-screen"
              >
                {t('ingest.screen')}
              </Button>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function Preview({ state: { stream, facing } }: { state: TransmissionState }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream ?? null;
  }, [stream]);
  return (
    <div className={classes.frame}>
      <video
        ref={video}
        className={classes.preview}
        // One's own face as in a mirror; what is sent is not turned.
        data-mirror={facing === 'user'}
        muted
        autoPlay
        playsInline
        aria-label={t('ingest.preview')}
      />
      {!stream && <p className={classes.hint}>{t('ingest.previewHint')}</p>}
    </div>
  );
}

/** What happens, whether the room sees it, and why it does not. */
function State(props: { state: TransmissionState; place: Place | undefined; transmission: Transmission }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const { state, place, transmission } = props;
  const figures = useFigures(transmission, state.phase === 'sending');
  const trouble = useTrouble(state.error);
  return (
    <div className={classes.state}>
      <span role="status">
        <Badge look={looks[state.phase]} text={t(`ingest.state.${state.phase}`)} size="lg" />
      </span>
      {state.phase === 'sending' && (
        <span data-testid="ingest-seen" data-seen={place?.state === 'live'}>
          {t(place?.state === 'live' ? 'ingest.seen' : 'ingest.notSeen')}
        </span>
      )}
      {state.startedAt !== undefined && (
        <span className={`${classes.soft} tnum`}>{stopwatch(now.getTime() - state.startedAt)}</span>
      )}
      {figures && (
        <span className={`${classes.soft} tnum`} data-testid="ingest-figures">
          {t('ingest.figures', {
            size: `${figures.width} × ${figures.height}`,
            rate: figures.framesPerSecond,
            speed: figures.megabitsPerSecond.toLocaleString(locale, { maximumFractionDigits: 1 }),
          })}
        </span>
      )}
      {trouble !== undefined && (
        <span className={classes.trouble} data-testid="ingest-trouble">
          {trouble}
        </span>
      )}
    </div>
  );
}

function useTrouble(error: unknown): string | undefined {
  const { t } = useTranslation();
  const errorText = useErrorText();
  if (error === undefined) return undefined;
  if (error instanceof DeviceError && error.trouble !== 'cancelled') return t(`ingest.trouble.${error.trouble}`);
  return errorText(error);
}
