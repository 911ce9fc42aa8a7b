/** Time as a port, so that rules about time can be tested. */
export interface Clock {
  /** Wall clock, UTC. A label only: it may jump. */
  now(): Date;
  /** Nanoseconds on CLOCK_MONOTONIC: the same scale for every process of one machine, never jumps. */
  monotonicNs(): bigint;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicNs: () => process.hrtime.bigint(),
};
