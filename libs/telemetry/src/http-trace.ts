import { context, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { histogram } from './metrics.ts';
import { extractTrace } from './tracing.ts';

const spans = new WeakMap<FastifyRequest, Span>();
/** Asked every few seconds by a scraper: no news in them. */
const quiet = new Set(['/healthz', '/readyz', '/metrics']);

/** The route as declared, never the path as asked: ids and free text stay out of span names and labels. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unmatched';

/**
 * A server span around every request, continued from its `traceparent`, and the time it took. What the handler
 * publishes belongs to this trace.
 */
export function traceRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (quiet.has(request.url)) {
      done();
      return;
    }
    const { traceparent, tracestate } = request.headers;
    const parent = extractTrace({
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      tracestate: typeof tracestate === 'string' ? tracestate : undefined,
    });
    const route = routeOf(request);
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const span = trace
      .getTracer('smartbox')
      .startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    spans.set(request, span);
    context.with(trace.setSpan(parent, span), done);
  });
  // A body is read in the context of its socket: what the handler does is brought back into the request's own.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) context.with(trace.setSpan(context.active(), span), done);
    else done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    if (span) {
      span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      const labels = { method: request.method, route: routeOf(request), status: String(reply.statusCode) };
      histogram('smartbox_http_request_seconds', 'Time to answer a request', ['method', 'route', 'status']).observe(
        labels,
        reply.elapsedTime / 1000,
      );
    }
    done();
  });
}
