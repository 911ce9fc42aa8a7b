import type { VideoFacts } from '@smartbox/contracts';
import type { Closeness, EncoderChoice } from '@smartbox/media';

/** What the parent asks of the child process: a stored stream or picture in a certain transfer syntax. */
export interface SyntaxAsk {
  /** Address of the input: a path or an http(s) URL. */
  input: string;
  /** Bytes of the input. */
  bytes: number;
  kind: 'video' | 'picture';
  transferSyntaxUid: string;
  /** Of a picture: which frame of the input, from 0. */
  frame?: number;
  /** HTJ2K: so many to one; reversible unless given. */
  ratio?: number;
  /** Longest payload of one object; a longer stream is cut at keyframes. */
  maxBytes?: number;
  /** What HEVC is encoded with. */
  encoder?: EncoderChoice;
  /** Folder for what is made. */
  folder: string;
}

/** One payload. */
export interface SyntaxPiece {
  /** Absent: the very input. */
  path?: string;
  /** Frames coded one by one: a file with a JSON array of their lengths. */
  framesPath?: string;
  facts: VideoFacts;
  /** Place of its first frame in the whole, from 0. */
  firstFrame: number;
}

export interface SyntaxAnswer {
  pieces: SyntaxPiece[];
  /** `same`: the frames of the input as they were coded, whole or cut; `encoded`: coded anew. */
  mode: 'same' | 'encoded';
  encoder?: string;
  /** Why it was coded anew. */
  reason?: string;
  /** Nothing was lost in coding it anew. */
  lossless: boolean;
  /** What a person should know of how it was made. */
  notes?: readonly string[];
  /** Of the work. */
  durationMs: number;
  /** Of what was coded anew, against what its encoder was given; not of what is not compressed. */
  closeness?: Closeness;
}
