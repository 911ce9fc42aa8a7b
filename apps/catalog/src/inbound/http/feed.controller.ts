import { Controller, Inject, Req, Res, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentCaller } from '../../application/access/asking.ts';
import { Feed, type FeedEntry } from '../../application/feed.ts';
import { messageFor } from '../../domain/access/feed-policy.ts';
import { Recognition } from './access/identify.ts';
import { Op } from './operation.decorator.ts';

/** A screen that has not taken this much is too slow: it is cut off and resumes by Last-Event-ID. */
const MAX_BUFFERED = 1024 * 1024;
/** How long what somebody may no longer see goes on to be told. */
const RECOGNISE_MS = 5000;

@Controller('api/v1')
export class FeedController implements OnModuleDestroy {
  readonly #feed: Feed;
  readonly #recognition: Recognition;
  readonly #open = new Set<FastifyReply['raw']>();

  constructor(@Inject(Feed) feed: Feed, @Inject(Recognition) recognition: Recognition) {
    this.#feed = feed;
    this.#recognition = recognition;
  }

  /** Open streams would keep the server from closing. */
  onModuleDestroy(): void {
    for (const raw of this.#open) raw.end();
    this.#feed.stop();
  }

  @Op('getFeed')
  async feed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { raw } = reply;
    let caller = currentCaller();
    const write = (entry: FeedEntry) => {
      if (raw.destroyed || raw.writableEnded) return;
      const message = messageFor(caller, entry);
      if (!message) return;
      const { sequence } = entry;
      if (raw.writableLength > MAX_BUFFERED) {
        raw.destroy();
        return;
      }
      const id = sequence === undefined ? '' : `id: ${sequence}\n`;
      raw.write(`${id}event: ${message.kind}\ndata: ${JSON.stringify(message)}\n\n`);
    };
    const header = request.headers['last-event-id'];
    const since = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    raw.write('retry: 1000\n\n');
    this.#open.add(raw);
    // Rights change while a stream is open, and sessions end.
    const recognising = setInterval(() => {
      this.#recognition.again(request).then(
        (now) => {
          if (now) caller = now;
          else raw.end();
        },
        () => raw.destroy(),
      );
    }, RECOGNISE_MS);
    const leave = this.#feed.subscribe(write, since);
    raw.once('close', () => {
      this.#open.delete(raw);
      clearInterval(recognising);
      void leave.then(
        (stop) => stop(),
        () => undefined,
      );
    });
    // Without a beginning there is no feed: the browser tries again.
    await leave.catch(() => raw.destroy());
  }
}
