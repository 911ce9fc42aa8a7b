import type { ClipView, ProcedureView, StationView } from '@smartbox/contracts';

const natural = new Intl.Collator(undefined, { numeric: true });

/** The order of rooms everywhere: OP 2 before OP 10. */
export const byName = (a: StationView, b: StationView): number =>
  natural.compare(a.name, b.name) || natural.compare(a.stationId, b.stationId);

/** Replaces the station of the same id, or adds it; rooms stay in the order of their names. */
export function upsertStation(stations: readonly StationView[], station: StationView): StationView[] {
  const rest = stations.filter((s) => s.stationId !== station.stationId);
  return [...rest, station].sort(byName);
}

/** What a procedure message says about its station: it runs there now, or the station is free. */
export function applyProcedure(station: StationView, procedure: ProcedureView): StationView {
  if (station.stationId !== procedure.stationId) return station;
  if (procedure.endedAt === undefined) return { ...station, procedure, procedureId: procedure.procedureId };
  // A late "ended" of the patient before must not clear the room of the patient who is there now.
  if (station.procedure && station.procedure.procedureId !== procedure.procedureId) return station;
  const { procedure: _ended, recording: _stopped, ...rest } = station;
  return { ...rest, procedureId: null };
}

const newestFirst = (a: ClipView, b: ClipView): number =>
  b.requestedAt.localeCompare(a.requestedAt) || b.clipId.localeCompare(a.clipId);

/** Replaces the clip of the same id, or adds it; newest first. */
export function upsertClip(clips: readonly ClipView[], clip: ClipView): ClipView[] {
  return [...clips.filter((c) => c.clipId !== clip.clipId), clip].sort(newestFirst);
}

/**
 * Adds a clip that the answer to a request named. The feed may have been faster and further along: then the
 * answer changes nothing.
 */
export function insertClip(clips: readonly ClipView[], clip: ClipView): ClipView[] {
  return clips.some((c) => c.clipId === clip.clipId) ? [...clips] : upsertClip(clips, clip);
}

/** Replaces the clip where it stands; lists that do not hold it stay the very same object. */
export function replaceClip<T extends { items: ClipView[] }>(list: T, clip: ClipView): T {
  if (!list.items.some((c) => c.clipId === clip.clipId)) return list;
  return { ...list, items: list.items.map((c) => (c.clipId === clip.clipId ? clip : c)) };
}
