import type { NestFastifyApplication } from '@nestjs/platform-fastify';

type Done = (error: Error | null, body: string) => void;

/** Session descriptions arrive as text; 64 KiB is ten times a browser's largest. */
const bodyLimit = 64 * 1024;

/** Every body arrives as text, whatever it says it is: the controllers refuse what they do not want, with a problem. */
export function acceptSdp(app: NestFastifyApplication): void {
  for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
    app.useBodyParser(type, { bodyLimit }, (_request: unknown, body: Buffer, done: Done) =>
      done(null, body.toString()),
    );
  }
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_request, body, done) => done(null, body));
}
