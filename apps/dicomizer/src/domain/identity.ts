import type { RenditionReady } from '@smartbox/contracts';
import { deterministicId, deterministicUid } from '@smartbox/kernel';

/** What names an object: the same message always names the same object, so that a redelivery is harmless. */
export interface Identity {
  instanceId: string;
  sopInstanceUid: string;
  seriesInstanceUid: string;
  seriesNumber: number;
  /** Key in the object store. */
  key: string;
}

/**
 * One series per procedure, source and kind of picture; one instance per clip, source, rendition and version of the
 * procedure's snapshot: a corrected patient makes a new instance, never a changed one (PS3.3 C.12.1: a UID is for ever).
 */
export function identify({ origin, rendition }: RenditionReady, snapshotVersion: number): Identity {
  const series = [origin.procedureId, origin.sourceId, origin.kind] as const;
  const instance = [origin.kind, origin.id, origin.sourceId, rendition, String(snapshotVersion)] as const;
  const sopInstanceUid = deterministicUid('smartbox-instance', ...instance);
  return {
    instanceId: deterministicId('smartbox-instance', ...instance),
    sopInstanceUid,
    seriesInstanceUid: deterministicUid('smartbox-series', ...series),
    seriesNumber: seriesNumber(series),
    key: `instances/${sopInstanceUid}.dcm`,
  };
}

/** 1 to 9999, the same for the same series: nothing counts the series of a study across processes. */
function seriesNumber(series: readonly string[]): number {
  const id = deterministicUid('smartbox-series-number', ...series);
  return 1 + (Number(id.slice(-9)) % 9999);
}

/** Orders the instances of a series by time: seconds since the procedure began, counted from 1. */
export function instanceNumber(capturedAt: Date, procedureStartedAt: Date): number {
  const seconds = Math.floor((capturedAt.getTime() - procedureStartedAt.getTime()) / 1000);
  return Math.min(Math.max(seconds, 0) + 1, 0x7fff_ffff);
}
