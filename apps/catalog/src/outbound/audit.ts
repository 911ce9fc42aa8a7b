import { newId } from '@smartbox/kernel';
import { currentTraceId } from '@smartbox/telemetry';
import { currentAsking } from '../application/access/asking.ts';
import type { Audit } from '../application/ports.ts';
import { hashOf } from '../domain/audit/chain.ts';
import type { Tx } from './database.ts';

/** Whose patient and which room a subject concerns, as it is now. */
interface Place {
  stationId: string | null;
  patientId: string | null;
  studyUid: string | null;
}
const nowhere: Place = { stationId: null, patientId: null, studyUid: null };

/**
 * Who did what to which object, in the transaction of the change: the next entry of the chain. From here to the commit
 * the head of the chain is locked, so this comes last in a transaction, after every other lock.
 */
export async function writeAudit(
  tx: Tx,
  subject: string,
  audit: Audit,
  at: Date,
  /** Given: an entry of that id is written once. */
  id: string = newId(),
): Promise<void> {
  if (await tx.auditEntry.findUnique({ where: { id }, select: { id: true } })) return;
  const place = await placeOf(tx, subject, audit);
  // As PostgreSQL writes it, it is hashed; a null character it cannot hold.
  const json = JSON.stringify(audit.detail ?? {}).replaceAll('\\u0000', '\\ufffd');
  const [head] = await tx.$queryRaw<{ sequence: bigint; hash: string; detail: string }[]>`
    SELECT "sequence", "hash", ${json}::jsonb::text AS detail FROM "audit_head" WHERE "id" = 1 FOR UPDATE`;
  if (!head) throw new Error('the head of the audit is missing');
  const { actor, action, outcome = 'success' } = audit;
  const sequence = head.sequence + 1n;
  const content = {
    ...{ id, at, actor, action, subject, outcome },
    ...place,
    address: currentAsking()?.address ?? null,
    traceId: currentTraceId() ?? null,
  };
  const hash = hashOf({ ...content, sequence: Number(sequence), detail: head.detail }, head.hash);
  const detail = JSON.parse(head.detail) as object;
  await tx.auditEntry.create({ data: { ...content, sequence, detail, previousHash: head.hash, hash } });
  await tx.auditHead.update({ where: { id: 1 }, data: { sequence, hash } });
}

async function placeOf(tx: Tx, subject: string, audit: Audit): Promise<Place> {
  const [kind, id = ''] = subject.split('/');
  const given = audit.stationId === undefined ? nowhere : { ...nowhere, stationId: audit.stationId };
  const procedureId = audit.procedureId ?? (kind === 'procedure' ? id : undefined);
  if (kind === 'study') {
    const [row] = await tx.$queryRaw<Place[]>`
      SELECT c."stationId", p."patientId", i."studyInstanceUid" AS "studyUid" FROM "instance" i
      JOIN "clip" c ON c."clipId" = i."clipId"
      LEFT JOIN "procedure" p ON p."procedureId" = c."procedureId"
      WHERE i."studyInstanceUid" = ${id} LIMIT 1`;
    return row ?? { ...given, studyUid: id };
  }
  if (kind !== 'clip' && procedureId === undefined) return given;
  const rows =
    procedureId === undefined
      ? await tx.$queryRaw<Place[]>`
          SELECT c."stationId", p."patientId", v."study"->>'studyInstanceUid' AS "studyUid" FROM "clip" c
          LEFT JOIN "procedure" p ON p."procedureId" = c."procedureId"
          LEFT JOIN "procedure_version" v ON v."procedureId" = p."procedureId" AND v."version" = p."version"
          WHERE c."clipId" = ${id}`
      : await tx.$queryRaw<Place[]>`
          SELECT p."stationId", p."patientId", v."study"->>'studyInstanceUid' AS "studyUid" FROM "procedure" p
          LEFT JOIN "procedure_version" v ON v."procedureId" = p."procedureId" AND v."version" = p."version"
          WHERE p."procedureId" = ${procedureId}`;
  return rows[0] ?? given;
}
