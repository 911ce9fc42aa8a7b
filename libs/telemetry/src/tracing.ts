import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';

let provider: TracerProvider | undefined;
let serviceName = 'smartbox';

export interface TelemetryOptions {
  /** Where finished spans go besides OTLP; for tests and embedded viewers. */
  spanProcessors?: SpanProcessor[];
}

/**
 * Tracing for this process; the first line of every main.ts. Context always propagates; spans are exported over
 * OTLP/HTTP only when `OTEL_EXPORTER_OTLP_ENDPOINT` (or `..._TRACES_ENDPOINT`) is set, in batches, never blocking:
 * an absent collector loses spans and nothing else. Calling it again does nothing.
 */
export function startTelemetry(service: string, options: TelemetryOptions = {}): void {
  if (provider) return;
  serviceName = service;
  const spanProcessors = [...(options.spanProcessors ?? [])];
  if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) {
    spanProcessors.push(
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ timeoutMillis: 5000 }), maxQueueSize: 4096 }),
    );
  }
  provider = new TracerProvider({ resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: service }), spanProcessors });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
}

/** Sends what is still queued, for at most two seconds. */
export async function stopTelemetry(): Promise<void> {
  const stopping = provider;
  if (!stopping) return;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, 2000)));
  await Promise.race([stopping.forceFlush().catch(() => undefined), limit]);
  clearTimeout(timer);
}

/** The name given to startTelemetry. */
export const currentService = (): string => serviceName;

export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
const kinds: Readonly<Record<SpanKindName, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

export interface SpanOptions {
  kind?: SpanKindName;
  /** Headers of the message or request that caused this: the span continues its trace. */
  parent?: Readonly<Record<string, string | undefined>>;
}

/** Runs `fn` in a span; a throw marks the span failed and travels on. Attributes never carry patient data. */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  fn: () => T | Promise<T>,
  options: SpanOptions = {},
): Promise<T> {
  const parent = options.parent ? extractTrace(options.parent) : context.active();
  const tracer = trace.getTracer('smartbox');
  const span = tracer.startSpan(name, { attributes, kind: kinds[options.kind ?? 'internal'] }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), fn);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
}

/** Adds facts to the running span, if there is one. */
export function annotateSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** 32 hexadecimal digits, or undefined outside of every span. */
export function currentTraceId(): string | undefined {
  const id = trace.getActiveSpan()?.spanContext().traceId;
  return id && !/^0+$/.test(id) ? id : undefined;
}

/** W3C `traceparent` (and `tracestate`) of the running span, written into `carrier`, which is returned. */
export function injectTrace<C extends Record<string, string>>(carrier: C): C {
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The context described by `traceparent` in the carrier, on top of the running one. Keys are lower case. */
export function extractTrace(carrier: Readonly<Record<string, string | undefined>>): Context {
  return propagation.extract(context.active(), carrier);
}
