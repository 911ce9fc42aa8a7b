/** Whose fault an error is; the operator's text and the alarm depend on it. */
export type Fault = 'input' | 'ours' | 'theirs';

export interface SmartBoxErrorOptions {
  /** Stable, kebab-case, for machines: `range-not-available`. */
  code: string;
  /** Quotes the offending value and says what would be right. Never patient data. */
  message: string;
  fault: Fault;
  /** May the same attempt succeed later without anybody changing anything? */
  retryable?: boolean;
  /** Structured facts for a machine; never patient data. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The one error type that crosses a module's border: code, whose fault, whether to retry. */
export class SmartBoxError extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: SmartBoxErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SmartBoxError';
    this.code = options.code;
    this.fault = options.fault;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Bad input from outside: never retried, quoted back. */
export function inputError(code: string, message: string, details?: Record<string, unknown>): SmartBoxError {
  return new SmartBoxError({ code, message, fault: 'input', ...(details ? { details } : {}) });
}

/** The other side failed in a way that can heal (network, full disk, restart). */
export function transientError(code: string, message: string, cause?: unknown): SmartBoxError {
  return new SmartBoxError({ code, message, fault: 'theirs', retryable: true, cause });
}

/** Turns anything thrown into an Error whose message can be logged. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
