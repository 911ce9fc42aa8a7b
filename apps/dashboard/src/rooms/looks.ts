import { IconCircle, IconCircleFilled, IconPlugConnectedX, IconUser } from '@tabler/icons-react';

/** Tone and shape of a room's state, for `Badge`. */
export const roomLooks = {
  recording: ['rec', IconCircleFilled],
  offline: ['bad', IconPlugConnectedX],
  used: ['busy', IconUser],
  free: ['idle', IconCircle],
} as const;
