import type { ClipState } from '@smartbox/contracts';
import {
  IconAlertTriangleFilled,
  IconArchiveFilled,
  IconArrowUp,
  IconCheck,
  IconChecks,
  IconCircleDashed,
  IconCircleFilled,
  IconClock,
  IconHourglass,
  IconPackage,
  IconPlayerPauseFilled,
  IconPlugConnectedX,
  IconSnowflake,
  IconVideoOff,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeliveryItem } from '../api/schemas.ts';
import type { TileState } from '../live/tile-state.ts';
import classes from './StateBadge.module.css';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle' | 'rec';
type Look = readonly [tone: Tone, icon: ComponentType<{ size?: number | string; 'aria-hidden'?: boolean }>];

const sourceLook: Record<TileState, Look> = {
  live: ['good', IconCircleFilled],
  starting: ['busy', IconCircleDashed],
  'no-signal': ['warn', IconVideoOff],
  frozen: ['warn', IconSnowflake],
  stale: ['warn', IconPlayerPauseFilled],
  offline: ['bad', IconPlugConnectedX],
  unreachable: ['bad', IconAlertTriangleFilled],
  'no-room': ['warn', IconHourglass],
};
const clipLook: Record<ClipState, Look> = {
  requested: ['busy', IconClock],
  recording: ['rec', IconCircleFilled],
  saved: ['good', IconCheck],
  prepared: ['good', IconPackage],
  sending: ['busy', IconArrowUp],
  sent: ['good', IconChecks],
  archived: ['good', IconArchiveFilled],
  failed: ['bad', IconAlertTriangleFilled],
};
const deliveryLook: Record<DeliveryItem['state'], Look> = {
  waiting: ['idle', IconClock],
  sending: ['busy', IconArrowUp],
  deferred: ['warn', IconPlayerPauseFilled],
  stored: ['good', IconChecks],
  committed: ['good', IconArchiveFilled],
  failed: ['bad', IconAlertTriangleFilled],
  replaced: ['idle', IconPackage],
};

type Size = 'sm' | 'md' | 'lg' | 'xl';
const iconSize: Record<Size, number> = { sm: 14, md: 18, lg: 22, xl: 30 };

/** Colour, shape and word at once: no state is told by colour alone. */
export function Badge({ look, text, size = 'md' }: { look: Look; text: string; size?: Size | undefined }) {
  const [tone, Icon] = look;
  return (
    <span className={classes.badge} data-tone={tone} data-size={size}>
      <Icon size={iconSize[size]} aria-hidden />
      <span>{text}</span>
    </span>
  );
}

export function StateBadge({ state, size }: { state: TileState; size?: Size }) {
  const { t } = useTranslation();
  return <Badge look={sourceLook[state]} text={t(`state.${state}`)} size={size} />;
}

export function ClipBadge({ state, size }: { state: ClipState; size?: Size }) {
  const { t } = useTranslation();
  return <Badge look={clipLook[state]} text={t(`clipState.${state}`)} size={size} />;
}

export function DeliveryBadge({ state, size }: { state: DeliveryItem['state']; size?: Size }) {
  const { t } = useTranslation();
  return <Badge look={deliveryLook[state]} text={t(`delivery.${state}`)} size={size} />;
}
