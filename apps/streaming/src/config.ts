import { availableParallelism } from 'node:os';
import { HttpEnvironment, NatsEnvironment, natsOptions, readEnvironment, type NatsSettings } from '@smartbox/contracts';
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
  ...HttpEnvironment,
  ...NatsEnvironment,
  LIVE_TOKEN_SECRET: z.string().min(16, 'at least 16 characters'),
  ALLOWED_ORIGINS: list,
  ANNOUNCED_ADDRESSES: list,
  ICE_SERVERS: list,
  UDP_PORT_BASE: z.coerce.number().int().min(0).max(65000).default(0),
  // It has to fit into a close frame (RFC 6455 section 5.5.1).
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:8084' })
    .max(100, 'at most 100 characters')
    .optional(),
  MAX_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.min(8, availableParallelism())),
  CAPTURE_LATE_MS: z.coerce.number().int().min(0).max(10_000).default(100),
  MAX_CPU_PERCENT: z.coerce.number().int().min(10).max(100).default(100),
  SOCKET_VIEWERS: z.coerce.number().int().min(0).max(1000).default(60),
  VIEWERS_PER_WORKER: z.coerce.number().int().min(1).max(200).default(40),
});

export interface Config {
  host: string;
  port: number;
  nats: NatsSettings;
  liveTokenSecret: string;
  /** Origins of web pages that may play; empty: any (a token is needed anyway). */
  allowedOrigins: string[];
  /** Told to viewers instead of the interface addresses (NAT, Docker). */
  announcedAddresses: string[];
  /** `stun:host:port`: given to viewers in `Link` headers. */
  iceServers: string[];
  /** First UDP port of two for each worker and one more; 0: free ports. */
  udpPortBase: number;
  /** Where browsers reach this instance; without it no other instance sends viewers here. */
  publicUrl: string | undefined;
  maxWorkers: number;
  viewersPerWorker: number;
  /** No further viewers while a camera of this machine is later than this; 0: never mind. */
  captureLateMs: number;
  /** No further viewers while more of the machine is in use; 100: no limit. */
  maxCpuPercent: number;
  /** Viewers over WebSocket. */
  socketViewers: number;
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** @throws InvalidConfiguration naming the variables, never their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(Env, env);
  return {
    host: e.HOST,
    port: e.PORT,
    nats: natsOptions(e),
    liveTokenSecret: e.LIVE_TOKEN_SECRET,
    allowedOrigins: e.ALLOWED_ORIGINS,
    announcedAddresses: e.ANNOUNCED_ADDRESSES,
    iceServers: e.ICE_SERVERS,
    udpPortBase: e.UDP_PORT_BASE,
    publicUrl: e.PUBLIC_URL?.replace(/\/+$/, ''),
    maxWorkers: e.MAX_WORKERS,
    viewersPerWorker: e.VIEWERS_PER_WORKER,
    captureLateMs: e.CAPTURE_LATE_MS,
    maxCpuPercent: e.MAX_CPU_PERCENT,
    socketViewers: e.SOCKET_VIEWERS,
  };
}
