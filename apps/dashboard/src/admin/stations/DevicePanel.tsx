import type { CaptureDevice } from '@smartbox/contracts';
import { Anchor, TextInput } from '@mantine/core';
import { IconHelpCircle, IconPlugConnected, IconVideo, IconVideoOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import panel from '../../ui/Panel.module.css';
import { Badge } from '../../ui/StateBadge.tsx';
import admin from '../Admin.module.css';
import { fpsOf, usualChoice } from './device-modes.ts';
import type { Choice } from './device-modes.ts';
import { DeviceLook } from './DeviceLook.tsx';
import classes from './Devices.module.css';
import type { SourceSettings } from './facts.ts';
import { ModeTable } from './ModeTable.tsx';
import { TestSource } from './TestSource.tsx';
import { useModeText } from './useModeText.ts';

interface Props {
  stationId: string;
  device: CaptureDevice;
  /** The source that reads it already. */
  source: SourceSettings | undefined;
  choice: Choice | undefined;
  name: string;
  onChoose: (choice: Choice) => void;
  onName: (name: string) => void;
}

/** One camera or frame grabber: where it is, whether pictures are to be expected, what it can do. */
export function DevicePanel({ stationId, device, source, choice, name, onChoose, onName }: Props) {
  const { t } = useTranslation();
  const { path, stablePath, bus, busy, input } = device;
  const mode = choice ?? usualChoice(device);
  return (
    <li className={panel.panel} data-testid={`device-${path}`}>
      <div className={classes.head}>
        <h2>{device.name}</h2>
        <div className={classes.badges}>
          <SignalBadge input={input} />
          {busy && <Badge look={['busy', IconPlugConnected]} text={t('cameras.busy')} />}
        </div>
      </div>
      <dl className={admin.facts}>
        <dt>{t('cameras.bus')}</dt>
        <dd>{bus}</dd>
        <dt>{t('cameras.path')}</dt>
        <dd>
          <span className={panel.mono}>{stablePath ?? path}</span>
          {stablePath === undefined && <p className={classes.warn}>{t('cameras.unstable', { path })}</p>}
        </dd>
        {input.name !== '' && (
          <>
            <dt>{t('cameras.input')}</dt>
            <dd>{input.name}</dd>
          </>
        )}
        <dt>{t('cameras.source')}</dt>
        <dd data-testid="configured">
          {source ? `${source.name} (${source.sourceId})` : t('cameras.notSource')}
          {busy && !source && <p className={classes.warn}>{t('cameras.busyElsewhere')}</p>}
          {source && stablePath !== undefined && source.address !== stablePath && (
            <p className={classes.warn}>{t('cameras.renamed', { path: source.address ?? path })}</p>
          )}
        </dd>
      </dl>
      {source && <TestSource stationId={stationId} sourceId={source.sourceId} name={source.name} />}
      <ModeTable device={device} choice={choice} onChoose={onChoose} />
      {!source && mode && <DeviceLook stationId={stationId} device={device} mode={mode} />}
      {choice && (
        <p className={classes.below}>
          <Anchor href="#station-file">{t('cameras.toFile')}</Anchor>
        </p>
      )}
      {choice && !source && (
        <TextInput
          className={classes.name ?? ''}
          label={t('cameras.name')}
          description={t('cameras.nameHint')}
          value={name}
          placeholder={device.name}
          maxLength={60}
          onChange={(event) => onName(event.currentTarget.value)}
          data-testid="source-name"
        />
      )}
    </li>
  );
}

/** What a station says of an input, after its name (libs/media, V4L2). */
const troubles = {
  'has no power': 'power',
  'has no signal': 'signal',
  'has no horizontal sync': 'horizontal',
  'has no vertical sync': 'vertical',
  'has no sync': 'sync',
  'has an unstable signal': 'unstable',
  'has a signal that the device does not support': 'unsupported',
} as const;
const troubleOf = (text: string) => Object.entries(troubles).find(([ending]) => text.endsWith(ending))?.[1];

function SignalBadge({ input: { noSignal, timings } }: Pick<CaptureDevice, 'input'>) {
  const { t } = useTranslation();
  const { modeText } = useModeText();
  if (noSignal !== undefined) {
    const trouble = troubleOf(noSignal);
    const reason = trouble ? t(`cameras.trouble.${trouble}`) : noSignal;
    return <Badge look={['warn', IconVideoOff]} text={t('cameras.noSignal', { reason })} />;
  }
  if (!timings) return <Badge look={['idle', IconHelpCircle]} text={t('cameras.signalUnknown')} />;
  const mode = modeText({ ...timings, frameRate: fpsOf(timings.frameRate) });
  const all = timings.interlaced ? `${mode} · ${t('cameras.interlaced')}` : mode;
  return <Badge look={['good', IconVideo]} text={t('cameras.signal', { mode: all })} />;
}
