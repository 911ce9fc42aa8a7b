import {
  IconAlertTriangleFilled,
  IconBan,
  IconCheck,
  IconCircle,
  IconClock,
  IconFileAlert,
  IconFileCheck,
  IconFileX,
  IconKey,
  IconLink,
  IconLinkOff,
  IconPlayerPauseFilled,
  IconRefresh,
} from '@tabler/icons-react';

/** Tone and shape of a destination's state, for `Badge`. */
export const destinationLooks = {
  ready: ['idle', IconCircle],
  parked: ['warn', IconPlayerPauseFilled],
  answers: ['good', IconCheck],
  silent: ['bad', IconAlertTriangleFilled],
} as const;

/** Of a configuration file. */
export const configLooks = {
  'in-use': ['good', IconFileCheck],
  changed: ['warn', IconRefresh],
  new: ['warn', IconRefresh],
  gone: ['warn', IconFileX],
  invalid: ['bad', IconFileAlert],
} as const;

/** Of a message to a webhook. */
export const messageLooks = {
  delivered: ['good', IconCheck],
  waiting: ['busy', IconClock],
  failed: ['bad', IconAlertTriangleFilled],
} as const;

/** Of an account. */
export const accountLooks = {
  active: ['good', IconCheck],
  oneTime: ['warn', IconKey],
  disabled: ['bad', IconBan],
} as const;

/** Of a token or a panel. */
export const deviceLooks = {
  active: ['good', IconCheck],
  expired: ['warn', IconClock],
  revoked: ['idle', IconBan],
} as const;

/** Of the chain of the audit. */
export const chainLooks = {
  intact: ['good', IconLink],
  unchecked: ['idle', IconClock],
  broken: ['bad', IconLinkOff],
} as const;
