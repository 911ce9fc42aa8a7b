import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { withSpan } from '@smartbox/telemetry';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';

/** Each request is a server span by its route, never by its URL: that may carry a patient's name. */
export class TraceInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const route = request.routeOptions.url ?? '';
    const parent = { traceparent: header(request, 'traceparent'), tracestate: header(request, 'tracestate') };
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const run = () => lastValueFrom(next.handle(), { defaultValue: undefined });
    return from(withSpan(`${request.method} ${route}`, attributes, run, { kind: 'server', parent }));
  }
}

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};
