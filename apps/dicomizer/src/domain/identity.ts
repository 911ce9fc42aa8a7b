import type { ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
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

type Named = Pick<RenditionReady, 'origin' | 'rendition' | 'renditionId'>;

/** The version of the procedure that the object is made for, and how often its clip was moved to another one. */
export type MadeFor = Pick<ProcedureSnapshot, 'procedureId' | 'version' | 'assignment' | 'stationId'>;

/**
 * One series per procedure and version of its snapshot, source, and kind of picture; edits have one of their own. One
 * instance per clip, source, rendition and version: a corrected patient makes new series and instances, never changed
 * ones (PS3.3 C.12.1: a UID is for ever), and a series never spans two patients or studies.
 * So does a clip that is moved to another procedure, also when it comes back: what was rejected stays rejected.
 */
export function identify({ origin, rendition, renditionId }: Named, madeFor: MadeFor): Identity {
  const version = String(madeFor.version);
  const moved = madeFor.assignment === undefined ? [] : [`assignment-${madeFor.assignment}`];
  const edited = rendition === 'edit' || rendition === 'export' ? [rendition] : [];
  // a series has one equipment (PS3.3 C.7.5.1): a moved clip may come from another room than the rest of it
  const from = madeFor.assignment === undefined ? [] : ['moved', madeFor.stationId];
  const series = [madeFor.procedureId, origin.sourceId, origin.kind, version, ...edited, ...from];
  const own = renditionId === undefined ? [] : [renditionId];
  const instance = [origin.kind, origin.id, origin.sourceId, rendition, version, ...own, ...moved];
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
