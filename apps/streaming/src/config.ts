import { availableParallelism } from 'node:os';
import { inputError } from '@smartbox/kernel';
import { z } from 'zod';

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  );

const Env = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(8084),
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  NATS_DOMAIN: z.string().optional(),
  LIVE_TOKEN_SECRET: z.string().min(16, 'at least 16 characters'),
  ALLOWED_ORIGINS: list,
  ANNOUNCED_ADDRESSES: list,
  ICE_SERVERS: list,
  UDP_PORT_BASE: z.coerce.number().int().min(0).max(65000).default(0),
  MAX_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.min(8, availableParallelism())),
  VIEWERS_PER_WORKER: z.coerce.number().int().min(1).max(200).default(40),
});

export interface Config {
  host: string;
  port: number;
  nats: { servers: string; user?: string; pass?: string; domain?: string };
  liveTokenSecret: string;
  /** Origins of web pages that may play; empty: any (a token is needed anyway). */
  allowedOrigins: string[];
  /** Told to viewers instead of the interface addresses (NAT, Docker). */
  announcedAddresses: string[];
  /** `stun:host:port`: given to viewers in `Link` headers. */
  iceServers: string[];
  /** First UDP port, one per worker; 0: free ports. */
  udpPortBase: number;
  maxWorkers: number;
  viewersPerWorker: number;
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** The service's settings. @throws SmartBoxError `invalid-config` naming the variable, never its value. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Env.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw inputError('invalid-config', `environment variable ${String(issue?.path[0])}: ${issue?.message}`);
  }
  const e = parsed.data;
  return {
    host: e.HOST,
    port: e.PORT,
    nats: {
      servers: e.NATS_URL,
      ...(e.NATS_USER === undefined ? {} : { user: e.NATS_USER }),
      ...(e.NATS_PASSWORD === undefined ? {} : { pass: e.NATS_PASSWORD }),
      ...(e.NATS_DOMAIN === undefined ? {} : { domain: e.NATS_DOMAIN }),
    },
    liveTokenSecret: e.LIVE_TOKEN_SECRET,
    allowedOrigins: e.ALLOWED_ORIGINS,
    announcedAddresses: e.ANNOUNCED_ADDRESSES,
    iceServers: e.ICE_SERVERS,
    udpPortBase: e.UDP_PORT_BASE,
    maxWorkers: e.MAX_WORKERS,
    viewersPerWorker: e.VIEWERS_PER_WORKER,
  };
}
