import type { SourceConfig } from '@smartbox/contracts';

/** What the service tells a capture process. */
export type ToWorker = { readonly type: 'idr' } | { readonly type: 'stop' };

export interface FragmentFormat {
  /** RFC 6381 */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: string;
  readonly encoder: string;
}

/** One CMAF fragment. Times are ticks of 90 kHz on CLOCK_MONOTONIC. */
export interface CapturedFragment {
  readonly init: Uint8Array;
  readonly data: Uint8Array;
  readonly baseTicks: number;
  readonly duration: number;
  readonly frameTicks: number;
  readonly frames: number;
  readonly keyframe: boolean;
  readonly sampleSizes: number[];
  readonly sampleDurations: number[];
  readonly format: FragmentFormat;
}

export interface CapturedUnit {
  readonly pts: number;
  readonly keyframe: boolean;
  readonly annexB: Uint8Array;
}

/** What a capture process tells the service. */
export type FromWorker =
  /** Every 200 ms while its event loop turns. `identicalMs`: for how long the pictures have been the same. */
  | { readonly type: 'beat'; readonly identicalMs: number; readonly skippedFrames: number }
  | { readonly type: 'opened'; readonly input: string; readonly format: Omit<FragmentFormat, 'codec'> }
  | ({ readonly type: 'unit' } & CapturedUnit)
  | ({ readonly type: 'fragment' } & CapturedFragment)
  /** The last words before it ends. */
  | { readonly type: 'failed'; readonly message: string };

/** Handed over as the only argument. Size is decided: a synthetic source has one. */
export type WorkerJob = SourceConfig;
