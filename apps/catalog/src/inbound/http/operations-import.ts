import { CreateImport, ImportView, OpenUpload, Sha256 } from '@smartbox/contracts';
import { z } from 'zod';
import { listOf, type Operation } from './operation.ts';

const sha256 = z.object({ sha256: Sha256 });

/** Of tus 1.0.0 (https://tus.io/protocols/resumable-upload). */
export const TUS_VERSION = '1.0.0';
export const CHUNK_TYPE = 'application/offset+octet-stream';
const tus = z.object({ 'tus-resumable': z.string().optional().describe(`${TUS_VERSION}; another is refused (412)`) });
const whole = /^\d{1,15}$/;

/** Records of other systems: part of `operations`. */
export const importOperations = {
  listImports: {
    method: 'get',
    path: '/imports',
    summary: 'Uploads that are not finished, or that nobody has said the patient of, with the time of their removal',
    needs: 'clip.import',
    beyondReach: true,
    response: listOf(OpenUpload),
  },
  getImport: {
    method: 'get',
    path: '/imports/:sha256',
    summary: 'What has become of a record of another system, by the SHA-256 of its bytes',
    needs: 'clip.import',
    beyondReach: true,
    params: sha256,
    response: ImportView,
  },
  beginUpload: {
    method: 'post',
    path: '/imports/uploads',
    summary:
      'Begins the upload of a record, or finds the one that was begun (tus 1.0.0, creation): its address in Location',
    needs: 'clip.import',
    beyondReach: true,
    headers: tus.extend({
      'upload-length': z.string().regex(whole, 'bytes of the record, a whole number above 0'),
      'upload-metadata': z
        .string()
        .max(2000)
        .describe('sha256, a space, and the SHA-256 of the record (64 hexadecimal digits) in base64'),
    }),
    status: 201,
  },
  findUpload: {
    method: 'head',
    path: '/imports/uploads/:sha256',
    summary: 'How much of a record is here (tus 1.0.0): Upload-Offset, Upload-Length, Upload-Expires',
    needs: 'clip.import',
    beyondReach: true,
    params: sha256,
    headers: tus,
  },
  appendUpload: {
    method: 'patch',
    path: '/imports/uploads/:sha256',
    summary: 'More of a record (tus 1.0.0): what comes is kept, also where the connection breaks. With the last byte the hash is compared', // prettier-ignore
    needs: 'clip.import',
    beyondReach: true,
    params: sha256,
    headers: tus.extend({
      'upload-offset': z.string().regex(whole, 'the bytes that are here already, a whole number'),
    }),
    takes: CHUNK_TYPE,
    status: 204,
  },
  createImport: {
    method: 'post',
    path: '/imports',
    summary: 'Whose record it is: it becomes a clip, once. Audited',
    needs: 'clip.import',
    body: CreateImport,
    status: 202,
    response: ImportView,
  },
} as const satisfies Record<string, Operation>;
