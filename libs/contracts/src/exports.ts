import { z } from 'zod';
import { Origin } from './events/work.ts';
import { Instant, ObjectKey, Sha256, Token, Ulid } from './primitives.ts';

/** Where exported files go besides the browser: into DICOM, onto a stick or a share of the site. */

/** cmd.transcoder.archive-export: an export that is ready becomes a DICOM object and goes to these destinations. */
export const ArchiveExport = z.object({
  renditionId: Ulid,
  origin: Origin,
  /** All of them; those that have it already get it once. */
  destinations: z.array(Token).min(1),
  requestedAt: Instant,
});
export type ArchiveExport = z.infer<typeof ArchiveExport>;

/** A plain name, as every file system takes it. */
export const FileName = z.string().regex(/^[\w][\w.-]{0,120}$/, 'letters, digits, dots, dashes and underscores');

/** cmd.transcoder.copy-export: the file of an export onto a target. `copyId` is chosen by the caller: asking twice copies once. */
export const CopyExport = z.object({
  copyId: Ulid,
  /** The export. */
  renditionId: Ulid,
  origin: Origin,
  target: Token,
  file: z.object({ key: ObjectKey, bytes: z.int().positive(), sha256: Sha256 }),
  fileName: FileName,
  requestedAt: Instant,
});
export type CopyExport = z.infer<typeof CopyExport>;

/** evt.transcoder.copy.written: the file lies there, read back and found the same. */
export const CopyWritten = z.object({
  copyId: Ulid,
  renditionId: Ulid,
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  target: Token,
  /** In the target, with its folder. */
  path: z.string(),
  bytes: z.int().positive(),
  sha256: Sha256,
});
export type CopyWritten = z.infer<typeof CopyWritten>;

/**
 * evt.dicomizer.export.deidentified: the DICOM object of an export for teaching lies there, read back and proven. A file
 * to hand out, no instance of the patient's study: none of its UIDs is told.
 */
export const ExportDeidentified = z.object({
  renditionId: Ulid,
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  key: ObjectKey,
  contentType: z.literal('application/dicom'),
  bytes: z.int().positive(),
  sha256: Sha256,
  /** Of the stream in it: the rendition's own. */
  payloadSha256: Sha256,
});
export type ExportDeidentified = z.infer<typeof ExportDeidentified>;

/** `config/export-targets.yaml`: sticks and network shares; without the file there are none. */
export const ExportTargetsFile = z.object({
  targets: z.array(
    z.object({
      name: Token,
      title: z.string().min(1).max(100),
      /** Absolute, on the machine of the transcoder. */
      path: z.string().startsWith('/', 'has to be an absolute path'),
      /** Something has to be mounted at `path`: what is pulled out or away must not fill the disk below it. */
      mounted: z.boolean().default(true),
      /** Made below `path`. */
      folder: FileName.optional(),
      /** Offered there only. Absent: everywhere. */
      stations: z.array(Token).min(1).optional(),
    }),
  ),
});
export type ExportTarget = z.infer<typeof ExportTargetsFile>['targets'][number];

/** rpc.transcoder.list-targets */
export const ListTargetsRequest = z.object({});
export const TargetView = z.object({
  name: Token,
  title: z.string(),
  stations: z.array(Token).optional(),
  /** `absent`: not plugged in or not mounted. */
  state: z.enum(['ready', 'absent', 'read-only']),
  /** Why it is not ready. */
  reason: z.string().optional(),
  freeBytes: z.int().nonnegative().optional(),
});
export type TargetView = z.infer<typeof TargetView>;
export const TargetsReply = z.object({ targets: z.array(TargetView) });
export type TargetsReply = z.infer<typeof TargetsReply>;
