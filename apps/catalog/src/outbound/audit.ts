import { newId } from '@smartbox/kernel';
import { currentTraceId } from '@smartbox/telemetry';
import type { Audit } from '../application/ports.ts';
import { json, type Tx } from './database.ts';

/** Who did what to which object, in the transaction of the change. */
export async function writeAudit(tx: Tx, subject: string, audit: Audit, at: Date): Promise<void> {
  await tx.auditEntry.create({
    data: {
      id: newId(),
      at,
      actor: audit.actor,
      action: audit.action,
      subject,
      detail: json(audit.detail ?? {}),
      traceId: currentTraceId() ?? null,
    },
  });
}
