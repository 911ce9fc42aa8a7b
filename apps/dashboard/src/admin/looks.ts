import { IconAlertTriangleFilled, IconCheck, IconCircle, IconPlayerPauseFilled } from '@tabler/icons-react';

/** Tone and shape of a destination's state, for `Badge`. */
export const destinationLooks = {
  ready: ['idle', IconCircle],
  parked: ['warn', IconPlayerPauseFilled],
  answers: ['good', IconCheck],
  silent: ['bad', IconAlertTriangleFilled],
} as const;
