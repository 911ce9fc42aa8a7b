import { IconCheck, IconHandStop, IconQuestionMark, IconRotate2 } from '@tabler/icons-react';

/** Tone and shape of what a patient said. */
export const consentLooks = {
  unknown: ['idle', IconQuestionMark],
  given: ['good', IconCheck],
  refused: ['bad', IconHandStop],
  withdrawn: ['bad', IconRotate2],
} as const;
