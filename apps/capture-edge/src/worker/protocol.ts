import type { SourceConfig } from '@smartbox/contracts';

/** What the service tells a capture process. */
export type ToWorker =
  | { readonly type: 'idr' }
  | { readonly type: 'stop' }
  /** Signalling of a sender; `id` stands in the answer too. */
  | ({ readonly type: 'whip'; readonly id: number } & WhipSignal);

export interface WhipSignal {
  readonly session: string;
  readonly action: 'offer' | 'candidates' | 'end';
  readonly sdp?: string | undefined;
}

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

/** Every 200 ms while the event loop of a capture process turns. */
export interface Beat {
  /** For how long the pictures have been the same. */
  readonly identicalMs: number;
  readonly skippedFrames: number;
  /** Why the input has no signal, as the device itself says. */
  readonly noSignal?: string | undefined;
}

/** What a capture process tells the service. */
export type FromWorker =
  | ({ readonly type: 'beat' } & Beat)
  | { readonly type: 'opened'; readonly input: string; readonly format: Omit<FragmentFormat, 'codec'> }
  | ({ readonly type: 'unit' } & CapturedUnit)
  | ({ readonly type: 'fragment' } & CapturedFragment)
  | { readonly type: 'whip'; readonly id: number; readonly sdp?: string | undefined }
  | { readonly type: 'whip-refused'; readonly id: number; readonly code: string; readonly message: string }
  /** The last words before it ends. */
  | { readonly type: 'failed'; readonly message: string };

/** Handed over as the only argument. Size is decided: a synthetic source has one. */
export type WorkerJob = SourceConfig & {
  /** Where a WebRTC sender reaches us; undefined: every interface. */
  readonly bindAddress?: string;
};
