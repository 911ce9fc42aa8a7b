import { AuditChainView, AuditCheck, AuditEntryView, auditFilter, page } from '@smartbox/contracts';
import { z } from 'zod';
import { limit, type Operation } from './operation.ts';

/** The audit: part of `operations`. */
export const auditOperations = {
  searchAudit: {
    method: 'get',
    path: '/audit',
    summary: 'Who did what, the newest first',
    needs: 'audit.read',
    logs: 'audit.read',
    query: z.object({
      ...auditFilter,
      limit,
      cursor: z.coerce.number().int().positive().optional().describe('`nextCursor` of the page before'),
    }),
    response: page(AuditEntryView),
  },
  exportAudit: {
    method: 'get',
    path: '/audit/export',
    summary: 'The same as DICOM audit messages (PS3.15 A.5, XML) or as CSV with its hashes, the oldest first',
    needs: 'audit.read',
    logs: 'audit.export',
    query: z.object({ ...auditFilter, format: z.enum(['atna', 'csv']) }),
    response: 'application/octet-stream',
  },
  getAuditChain: {
    method: 'get',
    path: '/audit/chain',
    summary: 'Where the chain begins and ends, and what its last check found',
    needs: 'audit.read',
    response: AuditChainView,
  },
  verifyAuditChain: {
    method: 'post',
    path: '/audit/chain/check',
    summary: 'Make every hash anew, now',
    needs: 'audit.read',
    response: AuditCheck,
  },
} as const satisfies Record<string, Operation>;
