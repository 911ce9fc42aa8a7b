export * from './bootstrap.ts';
export * from './health.ts';
export { traceRequests } from './http-trace.ts';
export * from './logger.ts';
export * from './metrics.ts';
export { redact } from './redact.ts';
export * from './tracing.ts';
