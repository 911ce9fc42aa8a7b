import { z } from 'zod';
import { ClipFailed, ClipSaved } from './events/buffer.ts';
import { Instant, ObjectKey, Sha256, Token, Ulid } from './primitives.ts';
import { Recipe } from './recipe.ts';
import { ClipState } from './rest-clips.ts';
import { Imported } from './imported.ts';
import { Patient } from './rest-procedures.ts';

/** Records of other systems, brought in by an administrator: REST under /api/v1/imports, command and events of them. */

/** The source of an imported clip: no camera of ours. */
export const IMPORTED_SOURCE = 'imported';

/** Where the bytes of a record come to lie: beside what is made of it, so that it goes with the clip. */
export const importUploadKey = (clipId: string): string => `clips/${clipId}/${IMPORTED_SOURCE}/original`;

/** Is it one of those? An upload there may take days, and is the catalog's to look after. */
export const isImportUpload = (key: string): boolean => /^clips\/[^/]+\/imported\/original$/.test(key);

/** cmd.transcoder.import-clip: the uploaded bytes become a clip. The clip's id follows from their hash. */
export const ImportClip = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sourceId: Token,
  recipe: Recipe,
  upload: z.object({ key: ObjectKey, bytes: z.int().positive(), sha256: Sha256 }),
  /** When its first frame was recorded. */
  recordedAt: Instant,
  /** Does it go to the recipe's destinations? */
  pacs: z.boolean(),
});
export type ImportClip = z.infer<typeof ImportClip>;

/** evt.transcoder.clip.imported: as `buffer.clip.saved`, of what was not captured here. */
export const ClipImported = ClipSaved.required({ imported: true });
export type ClipImported = z.infer<typeof ClipImported>;

/** evt.transcoder.clip.refused: nothing was kept; the record is not what it says, or none that we can read. */
export const ClipRefused = ClipFailed;

/** Body of POST /imports: whose record it is. Its bytes have been uploaded before. */
export const CreateImport = z.object({
  sha256: Sha256,
  stationId: Token,
  patient: Patient.extend({
    name: z.string().trim().min(1).max(324),
    id: z.string().trim().min(1).max(64),
    birthDate: z.iso.date('a day such as 1961-02-28').optional(),
  }),
  accessionNumber: z.string().trim().min(1).max(16).optional(),
  description: z.string().trim().max(1000).optional(),
  recordedAt: Instant,
  /** Absent: the site's first one. */
  recipe: Token.optional(),
  /** False: it stays here, for instance because the archive has it already. */
  archive: z.boolean().default(true),
});

/** An upload that is not finished, or that nobody has said the patient of. */
export const OpenUpload = z.object({
  sha256: Sha256,
  /** Of the whole record. */
  bytes: z.int().positive(),
  /** How many of them are here. */
  offset: z.int().nonnegative(),
  /** All of them are here, and their hash is right. */
  uploaded: z.boolean(),
  /** Removed then, unless more of it comes or it becomes somebody's. */
  expiresAt: Instant,
});
export type OpenUpload = z.infer<typeof OpenUpload>;

/** Answer of the imports: what has become of a record. */
export const ImportView = z.object({
  clipId: Ulid,
  sha256: Sha256,
  /** Its bytes are here, or were when it was imported. */
  uploaded: z.boolean(),
  /** Absent: nobody has said yet whose it is. */
  state: ClipState.optional(),
  failure: z.object({ code: z.string(), reason: z.string() }).optional(),
  frames: z.int().positive().optional(),
  durationMs: z.number().positive().optional(),
  imported: Imported.optional(),
});
export type ImportView = z.infer<typeof ImportView>;
