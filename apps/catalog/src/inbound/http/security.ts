import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '@smartbox/contracts';

export interface Guard {
  /** Host names besides the loopback ones. */
  allowedHosts: readonly string[];
  /** Origins of the streaming service's instances: the only others the page may talk to. */
  streamingOrigins: () => readonly string[];
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The host part of `host:port`, in lower case. */
const hostname = (host: string) => host.toLowerCase().replace(/:\d+$/, '');

/**
 * A foreign page must not reach us in the browser of somebody who is signed in, or who need not be because nobody has an
 * account: neither by its own name for our address (DNS rebinding) nor across origins. Returns what is wrong, or
 * undefined.
 */
function refusal(
  headers: { host?: string | undefined; origin?: string | undefined; 'sec-fetch-site'?: string | undefined },
  guard: Pick<Guard, 'allowedHosts'>,
  isNavigation: boolean,
): string | undefined {
  const isOurs = (host: string) => loopback.has(hostname(host)) || guard.allowedHosts.includes(hostname(host));
  if (!headers.host || !isOurs(headers.host)) {
    return `Host ${JSON.stringify(headers.host ?? '')} is not this service: use http://127.0.0.1, or name it in ALLOWED_HOSTS`;
  }
  const { origin } = headers;
  if (origin !== undefined) {
    const from = URL.parse(origin)?.host.toLowerCase();
    const same = from === headers.host.toLowerCase();
    if (!same && !(from !== undefined && guard.allowedHosts.includes(hostname(from)))) {
      return `Origin ${JSON.stringify(origin)} may not use this service`;
    }
  }
  // A link from elsewhere may open the page, but nothing elsewhere may load or call parts of it.
  if (headers['sec-fetch-site'] === 'cross-site' && !isNavigation)
    return 'a page of another site may not use this service';
  return undefined;
}

/** Headers of every answer. The page loads its own scripts only, and talks to us and the streaming service only. */
function securityHeaders(streamingOrigins: readonly string[]): Record<string, string> {
  const streaming = streamingOrigins.join(' ');
  const websockets = streaming.replace(/\bhttp/g, 'ws');
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    // Mantine writes its theme into a style element.
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
    'media-src': `'self' blob: ${streaming}`,
    'connect-src': `'self' ${streaming} ${websockets}`,
    'worker-src': "'self' blob:",
    'manifest-src': "'self'",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'object-src': "'none'",
  };
  return {
    'Content-Security-Policy': Object.entries(policy)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // A page that sends a camera or a screen to a room, and those that talk into one.
    'Permissions-Policy': 'camera=(self), display-capture=(self), microphone=(self), geolocation=()',
  };
}

/** What a viewer of another origin, named in ALLOWED_HOSTS, needs to read DICOMweb in the browser (Fetch standard, CORS). */
function viewerHeaders(origin: string): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, If-Range, Range',
    'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Range, ETag, Warning',
    'Access-Control-Max-Age': '600',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    Vary: 'Origin',
  };
}

function isViewer(origin: string | undefined, guard: Pick<Guard, 'allowedHosts'>): origin is string {
  const from = origin === undefined ? undefined : URL.parse(origin)?.host;
  return from !== undefined && guard.allowedHosts.includes(hostname(from));
}

/** Probes come by whatever name or address the platform uses; nothing about anybody is behind these. */
export const isProbe = (url: string): boolean => /^\/(healthz|readyz|metrics)$/.test(url);

/** A Fastify `onRequest` hook: security headers on everything, foreign callers refused with 403. */
export function guardRequests(guard: Guard) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    void reply.headers(securityHeaders(guard.streamingOrigins()));
    if (isProbe(request.url)) return;
    if (request.url.startsWith('/api/')) void reply.header('Cache-Control', 'no-store');
    const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
    const { host, origin } = request.headers;
    const fromViewer = /^\/dicomweb[/?]/.test(request.url) && isViewer(origin, guard);
    if (fromViewer) void reply.headers(viewerHeaders(origin));
    // The origin was named, so it may be another site.
    const site = fromViewer ? undefined : request.headers['sec-fetch-site'];
    const reason = refusal(
      { host, origin, 'sec-fetch-site': typeof site === 'string' ? site : undefined },
      guard,
      isNavigation,
    );
    if (reason === undefined) {
      if (fromViewer && request.method === 'OPTIONS') await reply.status(204).send();
      return;
    }
    const code = 'foreign-origin';
    const problem: Problem = {
      type: `urn:smartbox:problem:${code}`,
      title: 'Not from here',
      status: 403,
      code,
      detail: reason,
    };
    await reply.status(403).header('Content-Type', 'application/problem+json; charset=utf-8').send(problem);
  };
}
