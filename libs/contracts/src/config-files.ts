import { z } from 'zod';
import { Token } from './primitives.ts';

/** `config/stations/<station>.yaml`: a room's capture machine. Read by capture-edge (its own), buffer and catalog (all). */
export const SourceConfig = z
  .object({
    id: Token,
    name: z.string(),
    kind: z.enum(['synthetic', 'v4l2', 'rtsp', 'srt', 'rtmp', 'udp', 'file']),
    /** Address, device or file; absent for `synthetic`. */
    url: z.string().optional(),
    mode: z.enum(['pull', 'listen']).default('pull'),
    width: z.int().min(64).max(7680).optional(),
    height: z.int().min(64).max(4320).optional(),
    frameRate: z.int().min(1).max(120).default(30),
    /** bit/s */
    bitrate: z.int().min(100_000).max(200_000_000).default(8_000_000),
    gopMs: z.int().min(200).max(5000).default(1000),
    /** `auto`: pass conformant H.264 through; `always`: re-encode. */
    encode: z.enum(['auto', 'always']).default('auto'),
    /** `synthetic` only: share of the picture with fine moving noise, so that the encoder uses its bitrate as a camera does. */
    detail: z.number().min(0).max(1).default(0),
    /** Its clips go to the PACS; a room camera's usually do not. */
    pacs: z.boolean().default(true),
  })
  .refine((s) => s.kind === 'synthetic' || s.url !== undefined, { path: ['url'], error: 'is needed for this kind' });
export type SourceConfig = z.infer<typeof SourceConfig>;

export const StationConfig = z.object({
  id: Token,
  name: z.string(),
  /** AE title that the worklist schedules for this room. */
  aeTitle: z.string().max(16).default('SMARTBOX'),
  /** Length of the ring. */
  windowSeconds: z.int().min(60).max(3600).default(900),
  /** Safety bound of the ring on disk. */
  maxBytes: z
    .int()
    .positive()
    .default(4 * 1024 ** 3),
  sources: z.array(SourceConfig).min(1),
});
export type StationConfig = z.infer<typeof StationConfig>;

/** `config/destinations.yaml` */
export const DestinationConfig = z.object({
  name: Token,
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
  tls: z.object({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() }).optional(),
});
export const DestinationsFile = z.object({
  destinations: z.array(DestinationConfig),
  worklist: z
    .object({ aeTitle: z.string(), host: z.string(), port: z.int(), callingAeTitle: z.string().default('SMARTBOX') })
    .optional(),
});
export type DestinationConfig = z.infer<typeof DestinationConfig>;
export type DestinationsFile = z.infer<typeof DestinationsFile>;
