import { z } from 'zod';
import { DeidentifyChoices } from './edit.ts';
import { HttpAddress, Secret, Token, Uid } from './primitives.ts';

const TlsFiles = z.object({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() });

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00');
const isTimeZone = (name: string) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
/** The hours in which objects are sent; over midnight where `to` is earlier than `from`. */
const Schedule = z.object({
  from: Clock,
  to: Clock,
  /** Absent: that of the machine. */
  timeZone: z.string().refine(isTimeZone, 'a time zone such as Europe/Berlin').optional(),
});

/** Storage Commitment of one destination, PS3.4 annex J. */
const CommitmentPolicy = z.object({
  /** `yes`: an instance is archived when this destination has committed to keep it. */
  request: z.union([z.boolean(), z.enum(['yes', 'no']).transform((word) => word === 'yes')]),
  /** Who is asked and who reports, where it is not the archive's own AE. */
  aeTitle: z.string().min(1).max(16).optional(),
  host: z.string().min(1).optional(),
  port: z.int().min(1).max(65535).optional(),
  /** A report that has not come after so long is asked for again, under a new transaction UID. */
  waitSeconds: z.int().min(1).max(604_800).default(3600),
  /** Times it is asked for before a person has to look. */
  attempts: z.int().min(1).max(50).default(8),
  /** How long the association is kept for a report on the same one. */
  holdSeconds: z.int().min(0).max(120).default(2),
  /** Further hosts and addresses that reports may come from. */
  reportFrom: z.array(z.string().min(1)).default([]),
});

/** How lossy it is where something is made anew in HTJ2K .203 for a destination: so many to one; reversible unless given. */
const Htj2kRatio = z.number().min(2).max(100).optional();

/**
 * It gets copies that say nothing of who, where and when: Basic Application Confidentiality Profile with these options
 * of it (PS3.15 annex E.3), under UIDs and names made with a key of its own.
 */
const DeidentifyPolicy = DeidentifyChoices.extend({
  /** Who has it and an original finds the copy: in a file of its own, never in this one. */
  key: z.object({ file: z.string().min(1) }),
  /** The site answers for it: nobody is named in the sound that goes there. */
  confirmAudio: z.boolean().default(false),
});
export type DeidentifyPolicy = z.infer<typeof DeidentifyPolicy>;

/** `config/destinations.yaml`. Strict: a policy that is misspelt must not send originals. */
export const DestinationConfig = z.strictObject({
  name: Token,
  protocol: z.literal('dimse').optional(),
  title: z.string(),
  aeTitle: z.string().min(1).max(16),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  callingAeTitle: z.string().min(1).max(16).default('SMARTBOX'),
  maxPduBytes: z.int().min(4096).max(1_048_576).default(262_144),
  /** Seconds without any progress before the association is given up. */
  idleTimeoutSeconds: z.int().min(1).max(600).default(60),
  /** Objects sent side by side. */
  parallelAssociations: z.int().min(1).max(8).default(2),
  tls: TlsFiles.optional(),
  schedule: Schedule.optional(),
  deidentify: DeidentifyPolicy.optional(),
  /** Absent: not asked for; what it holds is "sent, not committed". */
  commitment: CommitmentPolicy.optional(),
  /**
   * Transfer syntaxes it is to get, the preferred one first: an object in another one is made anew for it, as is one
   * that it refuses. Absent: whatever it takes.
   */
  transferSyntaxes: z.array(Uid).min(1).optional(),
  htj2kRatio: Htj2kRatio,
  /** Longer streams are cut at keyframes for it, into objects that each play alone. */
  maxObjectBytes: z.int().positive().optional(),
  /** Honours rejection notes (PS3.3 table C.17.3-1, IHE IOCM): the old instances of a corrected procedure are rejected there. */
  rejectionNotes: z.boolean().default(false),
});

/** How a DICOMweb server knows us. */
const DicomwebAuth = z.discriminatedUnion('type', [
  z.object({ type: z.literal('none') }),
  z.object({ type: z.literal('basic'), user: z.string().min(1), password: Secret }),
  z.object({ type: z.literal('bearer'), token: Secret }),
  /** Client credentials, RFC 6749 section 4.4. */
  z.object({
    type: z.literal('oauth2'),
    tokenUrl: HttpAddress,
    clientId: z.string().min(1),
    clientSecret: Secret,
    /** Where the secret goes: RFC 6749 section 2.3.1 prefers the header, some servers take it only in the body. */
    clientAuth: z.enum(['basic', 'post']).default('basic'),
    scope: z.string().optional(),
    audience: z.string().optional(),
  }),
  /** AWS Signature Version 4. `signBody` reads each object once more, before it is sent. */
  z.object({
    type: z.literal('sigv4'),
    region: z.string().min(1),
    service: z.string().min(1).default('medical-imaging'),
    accessKeyId: Secret,
    secretAccessKey: Secret,
    sessionToken: Secret.optional(),
    signBody: z.boolean().default(true),
  }),
]);
export type DicomwebAuth = z.infer<typeof DicomwebAuth>;

/** Strict: a policy that is misspelt must not send originals. */
const DicomwebDestination = z.strictObject({
  name: Token,
  title: z.string(),
  schedule: Schedule.optional(),
  deidentify: DeidentifyPolicy.optional(),
  protocol: z.literal('dicomweb'),
  /** Base address of the service, PS3.18 section 8.2: `/studies` is added to it. */
  url: HttpAddress,
  auth: DicomwebAuth.default({ type: 'none' }),
  /** Larger objects are refused here, with a reason. */
  maxObjectBytes: z.int().positive().optional(),
  /** The only ones it takes; absent: any. */
  transferSyntaxes: z.array(Uid).min(1).optional(),
  htj2kRatio: Htj2kRatio,
  /** Seconds without any progress before a request is given up; an answer may take as long after the last byte. */
  idleTimeoutSeconds: z.int().min(1).max(3600).default(60),
  /** Objects sent side by side. */
  parallelAssociations: z.int().min(1).max(8).default(2),
  /** `qido`: an object counts as stored when the server also finds it. */
  verify: z.enum(['qido', 'none']).default('qido'),
  /** Honours rejection notes (IHE IOCM). */
  rejectionNotes: z.boolean().default(false),
  tls: TlsFiles.optional(),
});
/** Named like a DIMSE destination where people look at it. */
export const DicomwebDestinationConfig = DicomwebDestination.transform((destination) => {
  const { hostname, port, protocol } = new URL(destination.url);
  return {
    ...destination,
    aeTitle: 'DICOMweb',
    host: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
});
export type DicomwebDestinationConfig = z.infer<typeof DicomwebDestinationConfig>;

/** A prefix of a bucket, as AWS writes it. */
const S3Prefix = z
  .string()
  .regex(/^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/, 'a prefix such as s3://bucket/dicom-input');

/** AWS HealthImaging by its import jobs (StartDICOMImportJob): objects go through a bucket that it reads. */
const HealthImagingDestination = z.object({
  name: Token,
  title: z.string(),
  schedule: Schedule.optional(),
  deidentify: z.never('de-identified copies go to DIMSE and DICOMweb destinations only').optional(),
  protocol: z.literal('healthimaging'),
  region: z.string().min(1),
  datastoreId: z.string().regex(/^[0-9a-z]{32}$/, 'the id of a data store: 32 digits and small letters'),
  /** What HealthImaging reads the input and writes the output as. */
  dataAccessRoleArn: z.string().regex(/^arn:aws(-[^:]+)?:iam::[0-9]{12}:role\/.+$/, 'the ARN of an IAM role'),
  /** Objects are put below it, and removed when their job has ended. */
  input: S3Prefix,
  /** Job reports are written below it; they stay, its life-cycle rules remove them. */
  output: S3Prefix,
  /** Of a key that may use both buckets and start jobs. */
  accessKeyId: Secret,
  secretAccessKey: Secret,
  sessionToken: Secret.optional(),
  /** Absent: the region's own, `https://medical-imaging.<region>.amazonaws.com`. */
  endpoint: HttpAddress.optional(),
  /** Absent: the region's own, `https://s3.<region>.amazonaws.com`. */
  s3Endpoint: HttpAddress.optional(),
  /** Seconds between two looks at a job. */
  pollSeconds: z.number().min(0.1).max(600).default(10),
  /** A job that has not ended after so long is given up, and the object is sent again. */
  jobMinutes: z.number().min(0.1).max(1440).default(120),
  /** Larger objects are refused here, with a reason. */
  maxObjectBytes: z.int().positive().optional(),
  /** The only ones it takes; absent: any. */
  transferSyntaxes: z.array(Uid).min(1).optional(),
  htj2kRatio: Htj2kRatio,
  /** Seconds without any progress before a request is given up. */
  idleTimeoutSeconds: z.int().min(1).max(3600).default(60),
  /** Objects, and so jobs, side by side. */
  parallelAssociations: z.int().min(1).max(8).default(4),
  tls: TlsFiles.optional(),
});
/** Named like a DIMSE destination where people look at it. */
export const HealthImagingDestinationConfig = HealthImagingDestination.transform((destination) => {
  const endpoint = destination.endpoint ?? `https://medical-imaging.${destination.region}.amazonaws.com`;
  const s3Endpoint = destination.s3Endpoint ?? `https://s3.${destination.region}.amazonaws.com`;
  const { hostname, port, protocol } = new URL(endpoint);
  return {
    ...destination,
    endpoint,
    s3Endpoint,
    aeTitle: 'HealthImaging',
    host: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    /** It knows none: an outdated object stays beside the new one. */
    rejectionNotes: false,
  };
});
export type HealthImagingDestinationConfig = z.infer<typeof HealthImagingDestinationConfig>;

/** Where archives report what they have committed to: needed when a destination is asked for it. */
const ListenerConfig = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(1).max(65535).default(11_112),
  aeTitle: z.string().min(1).max(16).default('SMARTBOX'),
  /** `ca`, `cert` and `key`: only peers with a certificate of `ca` get in. */
  tls: z.object({ ca: z.string(), cert: z.string(), key: z.string() }).optional(),
  maxAssociations: z.int().min(1).max(256).default(16),
});
export type ListenerConfig = z.infer<typeof ListenerConfig>;

/** Modality Performed Procedure Step, PS3.4 annex F: what was done goes back to who scheduled it. */
const MppsConfig = z.object({
  aeTitle: z.string().min(1).max(16),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  callingAeTitle: z.string().min(1).max(16).default('SMARTBOX'),
  tls: TlsFiles.optional(),
  idleTimeoutSeconds: z.int().min(1).max(600).default(30),
  /** So long after the end, instances that are still being made are waited for. */
  settleSeconds: z.int().min(0).max(86_400).default(1800),
});
export type MppsConfig = z.infer<typeof MppsConfig>;

const WorklistConfig = z.object({
  aeTitle: z.string(),
  host: z.string(),
  port: z.int(),
  callingAeTitle: z.string().default('SMARTBOX'),
  tls: TlsFiles.optional(),
  /** A person waits for the answer. */
  idleTimeoutSeconds: z.int().min(1).max(120).default(15),
  /** Items that are read at most; then the query is cancelled and the answer says so. */
  limit: z.int().min(1).max(10_000).default(500),
  /** Which scheduled procedure steps are a room's. */
  matching: z
    .object({
      /** `station`: those scheduled for the room's AE title; `any`: of every room; or those of these AE titles. */
      stationAe: z.union([z.enum(['station', 'any']), z.array(z.string().min(1).max(16)).min(1)]).default('station'),
      /** Empty: whatever the modality. */
      modalities: z.array(z.string().regex(/^[A-Z0-9_ ]{1,16}$/)).default([]),
      /** Days before and after the day that is asked for. */
      daysBefore: z.int().min(0).max(31).default(0),
      daysAfter: z.int().min(0).max(31).default(0),
    })
    .prefault({}),
  mpps: MppsConfig.optional(),
});

export const DestinationsFile = z.object({
  listener: ListenerConfig.optional(),
  destinations: z.array(
    z.discriminatedUnion('protocol', [DestinationConfig, DicomwebDestinationConfig, HealthImagingDestinationConfig]),
  ),
  worklist: WorklistConfig.optional(),
});
export type DestinationConfig = z.infer<typeof DestinationConfig>;
export type DestinationsFile = z.infer<typeof DestinationsFile>;
