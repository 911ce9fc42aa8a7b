import type { ClipSource, ClipState, CompressionAnalysis, Gap as GapSchema, Rational } from '@smartbox/contracts';
import type { z } from 'zod';
import type { Fact, FactName, FactOf } from './facts.ts';

export type ClipKind = 'clip' | 'recording' | 'still';
export type State = z.infer<typeof ClipState>;
type Gap = z.infer<typeof GapSchema>;

export interface SourceRow {
  sourceId: string;
  key: string;
  manifestKey: string | null;
  bytes: number;
  sha256: string;
  frames: number;
  durationMs: number;
  startedAt: Date;
  width: number;
  height: number;
  codec: string;
  encoder: string;
  frameRate: Rational;
  gaps: Gap[];
  formats: number;
  cut: NonNullable<ClipSource['cut']> | null;
  inexact: string | null;
  /** Whether it goes to the archive; a room camera usually does not. */
  pacs: boolean;
  /** With its renditions and DICOM objects, without edits and exports. */
  storedBytes: number;
}

export interface RenditionRow {
  sourceId: string;
  rendition: string;
  key: string;
  contentType: string;
  mode: string;
  bytes: number;
  sha256: string;
  width: number | null;
  height: number | null;
  sprite: FactOf<'rendition'>['data']['sprite'] | null;
  reason: string | null;
  encoder: string | null;
  readyAt: Date;
}

export interface InstanceRow {
  instanceId: string;
  sourceId: string;
  sopInstanceUid: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  procedureVersion: number;
  assignment: number;
  key: string;
  bytes: number;
  sha256: string;
  payloadSha256: string;
  numberOfFrames: number;
  /** What it was made of; absent in facts of older versions. */
  rendition: string | null;
  renditionId: string | null;
  compression: CompressionAnalysis | null;
  destinations: string[];
  createdAt: Date;
}

/** Objects of edits and exports stay and go with these. */
export const isOfSource = ({ rendition }: Pick<InstanceRow, 'rendition'>): boolean =>
  rendition !== 'edit' && rendition !== 'export';

/** The facts of one name. */
export const named = <N extends FactName>(facts: readonly Fact[], name: N): FactOf<N>[] =>
  facts.filter((fact) => fact.name === name) as unknown as FactOf<N>[];
