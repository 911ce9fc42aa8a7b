import { z } from 'zod';
import { ConversationRight } from './conversation.ts';
import { HttpAddress, Secret, Token } from './primitives.ts';
import { AccountRole } from './rest-access.ts';

/** `config/stations/<station>.yaml`: a room's capture machine. Read by capture-edge (its own), buffer and catalog (all). */
export const SourceConfig = z
  .object({
    id: Token,
    name: z.string(),
    /** `whip`: a browser or an encoder sends by WebRTC (RFC 9725). */
    kind: z.enum(['synthetic', 'v4l2', 'rtsp', 'srt', 'rtmp', 'udp', 'file', 'whip']),
    /** Address, device or file; absent for `synthetic` and `whip`. */
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
  .refine((s) => s.kind === 'synthetic' || s.kind === 'whip' || s.url !== undefined, {
    path: ['url'],
    error: 'is needed for this kind',
  });
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
  /** What people who watch may do in the room while the room has switched it on; absent: nothing. */
  conversation: z.object({ rights: z.array(ConversationRight).min(1).default(['speak', 'draw']) }).optional(),
  sources: z.array(SourceConfig).min(1),
});
export type StationConfig = z.infer<typeof StationConfig>;

/** What webhooks tell; the data are identifiers only. */
export const webhookTypes = [
  'procedure.started',
  'procedure.ended',
  'clip.saved',
  'clip.failed',
  'still.captured',
  'instance.created',
  'instance.stored',
  'instance.committed',
  'delivery.failed',
  'clip.removed',
] as const;
export type WebhookType = (typeof webhookTypes)[number];

const WebhookConfig = z
  .object({
    name: Token,
    url: HttpAddress,
    /** Standard Webhooks: `whsec_` and the key in base64, 24 to 64 bytes; or the file that holds that. */
    secret: Secret,
    types: z
      .array(z.enum(webhookTypes))
      .min(1)
      .default([...webhookTypes]),
    /** Where its address may lie, checked at each connect: the internet, also the site's private networks, also here. */
    reach: z.enum(['public', 'site', 'machine']).default('public'),
  })
  .refine(({ url, reach }) => reach !== 'public' || url.startsWith('https:'), {
    path: ['url'],
    error: 'over the internet only https://',
  });
/** `config/webhooks.yaml`; without the file there are none. */
export const WebhooksFile = z.object({ webhooks: z.array(WebhookConfig) });
export type WebhookConfig = z.infer<typeof WebhookConfig>;

const isLoopbackHost = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(host);

/** Where a hospital's people sign in: OpenID Connect, code flow with PKCE. */
const ProviderConfig = z.object({
  /** On the button: "Sign in with ...". */
  name: z.string().min(1).max(60),
  issuer: HttpAddress.refine((url) => url.startsWith('https:') || isLoopbackHost(new URL(url).hostname), {
    error: 'over a network only https://',
  }),
  clientId: z.string().min(1),
  /** Absent: a public client, by PKCE alone. */
  clientSecret: Secret.optional(),
  clientAuth: z.enum(['basic', 'post']).default('basic'),
  scopes: z.array(z.string().regex(/^[!#-[\]-~]+$/, 'a scope (RFC 6749 section 3.3)')).default(['openid', 'profile']),
  roles: z.object({
    /** Dots lead into objects: `realm_access.roles`. */
    claim: z.string().min(1).default('groups'),
    /** Value of the claim -> roles here; whoever has none of them gets in to nothing. */
    map: z.record(z.string(), z.array(AccountRole).min(1)),
  }),
  /** Claim with the rooms that somebody is limited to; absent: every room. */
  stationsClaim: z.string().min(1).optional(),
  /** By which the provider's clock may differ from ours. */
  clockToleranceSeconds: z.int().min(0).max(300).default(30),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;
/** `config/sign-in.yaml`; without the file there are accounts with passwords of our own only. */
export const SignInFile = z.object({ provider: ProviderConfig });

/** `config/audit.yaml`: an audit record repository of the hospital (IHE ITI-20); without the file nothing is sent. */
export const AuditFile = z.object({
  repository: z.object({
    /** Also the name that its certificate is checked for. */
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(6514),
    /** PEM files beside this one: who may have signed its certificate, and ours. */
    tls: z
      .object({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
        error: 'cert and key belong together',
      })
      .default({}),
    /** An alarm when an entry waits for longer. */
    alarmMinutes: z.int().min(1).max(1440).default(15),
  }),
});
export type AuditFile = z.infer<typeof AuditFile>;
