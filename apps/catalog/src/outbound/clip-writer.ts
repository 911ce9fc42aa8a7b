import { deriveClip, placeOf, posterOf, type ClipNote, type ClipRow, type DerivedClip } from '../domain/clip.ts';
import type { Fact } from '../domain/facts.ts';
import { removalOfClip, removalOfInstance, removalOfSource, type RemovalNote } from '../domain/retention/removals.ts';
import { piecesOf, searchText } from '../domain/search-text.ts';
import type { ClipFact, ClipNote as NoteRow } from '../generated/prisma/client.ts';
import { json, jsonOrNull, lock, type Tx } from './database.ts';

export type DerivedTable = 'sources' | 'renditions' | 'instances' | 'deliveries';
const everything: readonly DerivedTable[] = ['sources', 'renditions', 'instances', 'deliveries'];

/** Locks of several clips, always taken in one order. */
export async function lockClips(tx: Tx, clipIds: Iterable<string>): Promise<void> {
  for (const clipId of [...new Set(clipIds)].sort()) await lock(tx, `clip/${clipId}`);
}

export const toFact = (row: ClipFact): Fact =>
  ({
    name: row.name,
    key: row.key,
    eventId: row.eventId,
    at: row.at.toISOString(),
    firstAt: row.firstAt.toISOString(),
    data: row.data,
  }) as unknown as Fact;

/**
 * Writes the clip anew from its note and its facts; the caller holds its lock.
 * @param changedSequence EVENTS sequence of the change, for the feed.
 */
export async function refreshClip(
  tx: Tx,
  clipId: string,
  changedSequence: bigint,
  tables: ReadonlySet<DerivedTable> = new Set(everything),
): Promise<void> {
  const noteRow = await tx.clipNote.findUnique({ where: { clipId } });
  const facts = (await tx.clipFact.findMany({ where: { clipId }, orderBy: { key: 'asc' } })).map(toFact);
  const note = noteRow ? toNote(noteRow) : undefined;
  const { procedureId } = placeOf(note, facts);
  const procedure = procedureId ? await tx.procedure.findUnique({ where: { procedureId } }) : null;
  const derived = deriveClip(note, facts, procedure?.version ?? 0);
  const removals = await tx.removal.findMany({ where: { clipId } });
  if (derived.clip) {
    const who = {
      patientName: procedure?.patientName ?? '',
      patientId: procedure?.patientId ?? '',
      accessionNumber: procedure?.accessionNumber ?? null,
      recipeName: procedure?.recipeName ?? null,
    };
    const said = {
      description: noteRow?.description ?? null,
      keep: noteRow?.keep ?? false,
      hidden: noteRow?.hiddenAt != null,
      traceId: noteRow?.traceId ?? null,
      consent: procedure?.consent ?? 'unknown',
      held:
        (await tx.legalHold.findFirst({ where: openHoldOf(clipId, procedureId), select: { holdId: true } })) !== null,
    };
    const { patientName, patientId, accessionNumber } = who;
    const search = searchText([patientName, patientId, accessionNumber, said.description, procedure?.description]);
    const { bytes, imported, ...rest } = withoutRemoved(derived, derived.clip, removals);
    const row = {
      ...rest,
      ...who,
      ...said,
      bytes: BigInt(bytes),
      imported: jsonOrNull(imported),
      hasPoster: rest.posterSource !== null,
      search,
      pieces: piecesOf(search),
    };
    const known = await tx.clip.findUnique({ where: { clipId }, select: { changedSequence: true } });
    const sequence = known && known.changedSequence > changedSequence ? known.changedSequence : changedSequence;
    const data = { ...row, changedSequence: sequence };
    await tx.clip.upsert({ where: { clipId }, create: { clipId, ...data }, update: data });
  }
  await writeTables(tx, clipId, derived, removals, tables);
}

/** Of the clip itself, or of all that belongs to its procedure. */
export const openHoldOf = (clipId: string, procedureId: string | null | undefined) => ({
  releasedAt: null,
  OR: [{ clipId }, ...(procedureId ? [{ procedureId, clipId: null }] : [])],
});

/** A picture that went stands for nothing; a clip whose last source went is gone itself. */
function withoutRemoved({ renditions, sources }: DerivedClip, clip: ClipRow, removals: readonly RemovalNote[]) {
  const isHere = ({ sourceId }: { sourceId: string }) => removalOfSource(sourceId, removals) === undefined;
  const gone = removalOfClip(sources, removals);
  const posterSource = posterOf(renditions.filter(isHere));
  return { ...clip, posterSource, removedAt: gone?.at ?? null, removedBy: gone?.rule ?? null };
}

function toNote(row: NoteRow): ClipNote {
  const { kind, stationId, procedureId, requestedAt, requestedMs, stopRequestedAt, assignment } = row;
  const asked = { requestedAt, requestedMs, stopRequestedAt };
  return { kind: kind as ClipNote['kind'], stationId, procedureId, ...asked, assignment };
}

async function writeTables(
  tx: Tx,
  clipId: string,
  d: DerivedClip,
  removals: readonly RemovalNote[],
  tables: ReadonlySet<DerivedTable>,
): Promise<void> {
  const where = { clipId };
  if (tables.has('sources')) {
    await tx.clipSource.deleteMany({ where });
    const data = d.sources.map(({ frameRate, gaps, bytes, storedBytes, cut, ...row }) => ({
      ...row,
      ...goneBy(removalOfSource(row.sourceId, removals)),
      clipId,
      bytes: BigInt(bytes),
      storedBytes: BigInt(storedBytes),
      frameRate: json(frameRate),
      gaps: json(gaps),
      ...(cut ? { cut: json(cut) } : {}),
    }));
    if (data.length > 0) await tx.clipSource.createMany({ data });
  }
  if (tables.has('renditions')) {
    await tx.rendition.deleteMany({ where });
    const data = d.renditions.map((row) => ({
      ...row,
      clipId,
      bytes: BigInt(row.bytes),
      sprite: jsonOrNull(row.sprite),
    }));
    if (data.length > 0) await tx.rendition.createMany({ data });
  }
  if (tables.has('instances')) {
    await tx.instance.deleteMany({ where });
    const data = d.instances.map((row) => ({
      ...row,
      clipId,
      bytes: BigInt(row.bytes),
      compression: jsonOrNull(row.compression),
      removedAt: removalOfInstance(row, removals)?.at ?? null,
    }));
    // Two facts that claim one SOP instance UID: the first stays, the projection does not stop for it.
    if (data.length > 0) await tx.instance.createMany({ data, skipDuplicates: true });
  }
  if (tables.has('deliveries')) {
    await tx.delivery.deleteMany({ where });
    const stationId = d.clip?.stationId ?? null;
    const data = d.deliveries.map((row) => ({ ...row, clipId, stationId }));
    if (data.length > 0) await tx.delivery.createMany({ data, skipDuplicates: true });
  }
}

const goneBy = (removal: RemovalNote | undefined) => ({
  removedAt: removal?.at ?? null,
  removedBy: removal?.rule ?? null,
});
