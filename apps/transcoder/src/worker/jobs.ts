import type { StillFormat } from '@smartbox/contracts';
import type { EncoderChoice } from '@smartbox/media';
import type { EncodeTarget } from '../domain/pacs-rendition.ts';

/** What the parent asks of the child process, one job per process; addresses are paths or http(s) URLs. */
export type Job =
  | { kind: 'facts'; input: string }
  | { kind: 'poster'; input: string; atMs: number }
  | { kind: 'still'; input: string; frame: number; format: StillFormat }
  | { kind: 'sprite'; input: string; count: number }
  | ({ kind: 'encode'; input: string; output: string; encoder: EncoderChoice } & EncodeTarget);

export interface JobProgress {
  percent: number;
}
