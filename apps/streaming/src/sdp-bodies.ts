import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Session descriptions arrive as text; 64 KiB is ten times a browser's largest. */
export function acceptSdp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addContentTypeParser(
    ['application/sdp', 'application/trickle-ice-sdpfrag'],
    { parseAs: 'string', bodyLimit: 64 * 1024 },
    (_request, body, done) => done(null, body),
  );
}
