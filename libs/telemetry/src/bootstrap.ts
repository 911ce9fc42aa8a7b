import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { toError } from '@smartbox/kernel';
import { health } from './health.ts';
import { traceRequests } from './http-trace.ts';
import { createLogger, NestLogger, type Logger } from './logger.ts';
import { startMetrics } from './metrics.ts';
import { startTelemetry, stopTelemetry } from './tracing.ts';

export interface BootstrapOptions {
  service: string;
  /** 0: any free port. */
  port: number;
  /** Default 127.0.0.1: another interface has to be asked for. */
  host?: string;
  /** Bytes of a request body; default 1 MiB (promises.md, fault 32). */
  bodyLimit?: number;
  /** After the application is created, before it listens: plugins, microservices (`connectMessaging`), parsers. */
  configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/** Time for work in flight after SIGTERM or SIGINT. */
const SHUTDOWN_MS = 10_000;

export interface RunningService {
  app: NestFastifyApplication;
  log: Logger;
  /** http://127.0.0.1:4001 */
  url: string;
  close(): Promise<void>;
}

/**
 * What every main.ts does: telemetry, Fastify on loopback, health, and an orderly end. SIGTERM or SIGINT: `/readyz`
 * turns 503, work in flight has 10 s, then exit 0. An uncaught exception is logged and the process exits with 1: its
 * messages are redelivered to a healthy one.
 */
export async function bootstrap(module: unknown, options: BootstrapOptions): Promise<RunningService> {
  startTelemetry(options.service);
  startMetrics(options.service);
  const log = createLogger(options.service);
  const die = (kind: string) => (error: unknown) => {
    log.error({ err: toError(error) }, kind);
    process.exit(1);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));

  try {
    return await start(module, options, log);
  } catch (error) {
    log.error({ err: toError(error) }, 'the service cannot start');
    await stopTelemetry();
    process.exit(1);
  }
}

async function start(module: unknown, options: BootstrapOptions, log: Logger): Promise<RunningService> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    // Slow clients do not hold a socket (promises.md, fault 33).
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    trustProxy: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module as never, adapter, {
    logger: new NestLogger(log),
    abortOnError: false,
  });
  traceRequests(app.getHttpAdapter().getInstance());
  await options.configure?.(app);
  await app.listen(options.port, options.host ?? '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  log.info({ url }, 'listening');

  let closing: Promise<void> | undefined;
  const close = () => (closing ??= app.close());
  const end = (signal: string) => {
    if (closing) return;
    health.stopping();
    log.info({ signal }, 'stopping: work in flight has 10 s');
    const limit = setTimeout(() => {
      log.warn({}, 'work in flight did not end in 10 s: its messages will be redelivered');
      process.exit(0);
    }, SHUTDOWN_MS);
    close()
      .then(() => stopTelemetry())
      .then(
        () => {
          clearTimeout(limit);
          log.info({}, 'stopped');
          process.exit(0);
        },
        (error: unknown) => {
          log.error({ err: toError(error) }, 'the orderly end failed');
          process.exit(1);
        },
      );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  return { app, log, url, close };
}
