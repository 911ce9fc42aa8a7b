import type { deLive } from './de-live.ts';

/** English texts of the live picture and its past. */
export const enLive: typeof deLive = {
  rewind: {
    timeline: 'Timeline {{source}}: left is back, right is live',
    live: 'Live',
    ago: '{{time}} ago',
    notLive: 'Not live',
    loading: 'Fetching …',
    back10: 'Back 10 seconds',
    pause: 'Pause',
    play: 'Continue',
    expired: 'This part is gone. The picture is live again.',
    failed: 'Rewinding is not possible right now. The picture is live again.',
  },
};
