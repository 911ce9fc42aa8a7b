import { CreateImport, ImportView, Sha256 } from '@smartbox/contracts';
import { z } from 'zod';
import type { Operation } from './operation.ts';

const sha256 = z.object({ sha256: Sha256 });

/** Records of other systems: part of `operations`. */
export const importOperations = {
  getImport: {
    method: 'get',
    path: '/imports/:sha256',
    summary: 'What has become of a record of another system, by the SHA-256 of its bytes',
    needs: 'admin.system',
    beyondReach: true,
    params: sha256,
    response: ImportView,
  },
  uploadImport: {
    method: 'put',
    path: '/imports/:sha256/file',
    summary: 'The bytes of a record (application/octet-stream), whole or not at all; what is here is not read again',
    needs: 'admin.system',
    beyondReach: true,
    params: sha256,
    takes: 'application/octet-stream',
    response: ImportView,
  },
  createImport: {
    method: 'post',
    path: '/imports',
    summary: 'Whose record it is: it becomes a clip, once. Audited',
    needs: 'admin.system',
    body: CreateImport,
    status: 202,
    response: ImportView,
  },
} as const satisfies Record<string, Operation>;
