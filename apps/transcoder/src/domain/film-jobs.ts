import type { Enhancement, ExportProfile, QualitySummary, Redaction, StillFormat } from '@smartbox/contracts';
import type { Closeness } from '@smartbox/media';

/** Frames [from, to) of input number `source`. */
export interface Part {
  readonly source: number;
  readonly from: number;
  readonly to: number;
}

/** Everything a film can be asked for, one job per child process. Inputs are paths or http(s) URLs, outputs paths. */
export interface FilmJobs {
  cut: {
    ask: {
      /** `label` stands in notes and in the manifest instead of the address. `frames`: as they are known, if they are. */
      readonly inputs: readonly { readonly url: string; readonly label: string; readonly frames?: number }[];
      /** Absent: every frame of every input. */
      readonly parts?: readonly Part[];
      readonly output: string;
      /** JSON: for each frame its source frame and both hashes. */
      readonly manifest: string;
      /** JSON with the curve of the re-encoded frames (`QualityReport`), where there are any. */
      readonly report: string;
      readonly minPsnr: number;
      readonly minSsim: number;
    };
    answer: {
      readonly frames: number;
      readonly copiedFrames: number;
      readonly reencodedFrames: number;
      readonly durationMs: number;
      /** Of the first source, as FFmpeg names it. */
      readonly codec: string;
      /** From the first frame of its source to the first frame of the film. */
      readonly startMs: number;
      readonly audio: boolean;
      readonly notes: string[];
      readonly encoder: string | null;
      /** Of the re-encoded frames against their source; null where all were copied. */
      readonly quality: QualitySummary | null;
    };
  };
  enhance: {
    ask: { readonly input: string; readonly output: string; readonly enhance: Enhancement };
    answer: {
      /** Of the enhancement alone, for the record. */
      readonly filters: string;
      /** All that the pictures went through before the encoder. */
      readonly chain: string;
      readonly encoder: string;
      readonly notes: string[];
    };
  };
  quality: {
    ask: {
      readonly reference: string;
      readonly distorted: string;
      /** What was done to the reference on purpose. */
      readonly referenceFilters?: string;
      readonly minPsnr: number;
      readonly minSsim: number;
      /** JSON with the curve (`QualityReport`). */
      readonly report: string;
    };
    answer: QualitySummary;
  };
  redact: {
    ask: { readonly input: string; readonly output: string; readonly redactions: readonly Redaction[] };
    answer: { readonly filters: string };
  };
  export: {
    ask: { readonly input: string; readonly directory: string; readonly profiles: readonly ExportProfile[] };
    answer: readonly Exported[];
  };
  preview: {
    ask: {
      readonly input: string;
      readonly frame: number;
      readonly enhance?: Enhancement;
      readonly redactions: readonly Redaction[];
      readonly width: number;
    };
    answer: { readonly jpeg: Uint8Array; readonly width: number; readonly height: number; readonly filters: string };
  };
  still: {
    ask: { readonly input: string; readonly frame: number; readonly format: StillFormat };
    answer: Still;
  };
}

export interface Still {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  /** Of encoding. */
  readonly durationMs: number;
  /** Of a JPEG to the picture that it was made of. */
  readonly closeness?: Closeness;
}

export interface Exported {
  readonly profile: ExportProfile;
  /** The file to keep; of a film in segments, an archive of all of them. */
  readonly path: string;
  /** What a player opens. */
  readonly film: string;
  /** Of a film in segments: all of them, with their playlists. */
  readonly folder?: string;
  readonly encoder: string | null;
  /** Of what it was made of, as FFmpeg names it. */
  readonly sourceCodec: string;
  readonly lossless: boolean;
  /** Turned or of another rate: not to be compared frame by frame. */
  readonly comparable: boolean;
  readonly notes: readonly string[];
}

export type FilmJob = { [K in keyof FilmJobs]: { kind: K } & FilmJobs[K]['ask'] }[keyof FilmJobs];

export interface FilmProgress {
  readonly percent: number;
}
