export { parseS3Url, type S3Address, type S3Credentials } from './address.ts';
export type { ConnectionOptions } from './connection.ts';
export { ObjectStore, type Expected, type ObjectInfo } from './object-store.ts';
export type { Held, ResumableUpload } from './resumable-upload.ts';
export type { StoredObject, UploadOptions } from './upload.ts';
