import { SmartBoxError, toError } from '@smartbox/kernel';

/** What was being done when it failed; stands in the message. */
export interface StorageAction {
  verb: string;
  bucket: string;
  key: string;
}

const NOT_FOUND = new Set(['NoSuchKey', 'NotFound']);
const DENIED = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'Forbidden']);
const BUSY = new Set(['SlowDown', 'InternalError', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted', '']);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/**
 * Anything the S3 client throws as a SmartBoxError that quotes bucket and key: `object-not-found`,
 * `bucket-not-found`, `upload-not-found`, `storage-denied`, `storage-unavailable` (retryable) or `storage-refused`.
 */
export function toStorageError(thrown: unknown, { verb, bucket, key }: StorageAction): SmartBoxError {
  if (thrown instanceof SmartBoxError) return thrown;
  const error = toError(thrown);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const where = `${verb} ${bucket}/${key}`;
  const make = (name: string, fault: 'ours' | 'theirs', retryable: boolean) =>
    new SmartBoxError({
      code: name,
      message: `${where}: ${error.message || code || error.name}`,
      fault,
      retryable,
      details: { bucket, key, ...(code ? { s3Code: code } : {}) },
      cause: error,
    });
  if (code !== undefined && NOT_FOUND.has(code)) return make('object-not-found', 'ours', false);
  if (code === 'NoSuchBucket') return make('bucket-not-found', 'ours', false);
  if (code === 'NoSuchUpload') return make('upload-not-found', 'ours', false);
  if (code !== undefined && DENIED.has(code)) return make('storage-denied', 'ours', false);
  if (code !== undefined && (NETWORK.has(code) || BUSY.has(code))) return make('storage-unavailable', 'theirs', true);
  // The client answers a 5xx without its code ("Retryable HTTP status: 503"), and HEAD errors without any.
  if (error.name !== 'S3Error' || code === undefined) return make('storage-unavailable', 'theirs', true);
  return make('storage-refused', 'theirs', false);
}
