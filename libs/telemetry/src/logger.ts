import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { redact } from './redact.ts';
import { currentService, currentTraceId } from './tracing.ts';

/** Facts first, then what happened: `log.info({ clipId }, 'clip saved')`. Patient data and secrets are redacted. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  child(facts: object): Logger;
}

class PinoAdapter implements Logger {
  readonly #pino: PinoLogger;
  constructor(target: PinoLogger) {
    this.#pino = target;
  }
  debug(facts: object, message: string): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(redact(facts), message);
  }
  info(facts: object, message: string): void {
    this.#pino.info(redact(facts), message);
  }
  warn(facts: object, message: string): void {
    this.#pino.warn(redact(facts), message);
  }
  error(facts: object, message: string): void {
    this.#pino.error(redact(facts), message);
  }
  child(facts: object): Logger {
    return new PinoAdapter(this.#pino.child(redact(facts) as object));
  }
}

/** JSON lines on stdout with service and trace id. `LOG_LEVEL` (debug, info, warn, error, silent) decides how much. */
export function createLogger(service: string = currentService(), destination?: DestinationStream): Logger {
  const options = {
    level: process.env['LOG_LEVEL'] ?? 'info',
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // redact() has already written errors out.
    serializers: { err: (value: unknown) => value },
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const traceId = currentTraceId();
      return traceId ? { traceId } : {};
    },
  };
  return new PinoAdapter(destination ? pino(options, destination) : pino(options));
}

/** One line per module and route at each start: for a developer only. */
const bootNoise = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Nest's own messages through the same log. */
export class NestLogger implements LoggerService {
  readonly #log: Logger;
  constructor(log: Logger) {
    this.#log = log;
  }
  log(message: unknown, ...rest: unknown[]): void {
    const facts = contextOf(rest);
    if (bootNoise.has(facts.context ?? '')) this.#log.debug(facts, text(message));
    else this.#log.info(facts, text(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#log.error(
      { ...contextOf(rest), ...(message instanceof Error ? { err: message } : stackOf(rest)) },
      text(message),
    );
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#log.warn(contextOf(rest), text(message));
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.#log.debug(contextOf(rest), text(message));
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#log.debug(contextOf(rest), text(message));
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.error(message, ...rest);
  }
}

function text(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return message.message;
  return JSON.stringify(redact(message)) ?? String(message);
}

function contextOf(rest: unknown[]): { context?: string } {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? { context: last } : {};
}

function stackOf(rest: unknown[]): object {
  const stack = rest.find((item) => typeof item === 'string' && item.includes('\n'));
  return stack ? { stack } : {};
}
