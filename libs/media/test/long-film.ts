import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { movieHeader, type Track } from '@smartbox/recording/mp4';

/** One GOP shown again and again: a film of an hour that takes no room. */
export class LongFilm {
  readonly bytes: number;
  private readonly header: Buffer;
  private readonly gop: Buffer;

  constructor(track: Track, file: Buffer, gops: number) {
    const { samples } = track;
    const start = samples.offsets[0] ?? 0;
    const last = samples.count - 1;
    this.gop = file.subarray(start, (samples.offsets[last] ?? 0) + (samples.sizes[last] ?? 0));
    const [sizes, durations] = [[...samples.sizes], [...samples.durations]];
    const chunks = Array.from({ length: gops }, (_, i) => ({ sizes, durations, sync: [0], description: 1, offset: i * this.gop.length })); // prettier-ignore
    const { timescale, entries, displayWidth, displayHeight } = track;
    const all = gops * this.gop.length;
    this.header = movieHeader([{ kind: 'video', timescale, entries, chunks, displayWidth, displayHeight }], all, ['isom', 'avc1']); // prettier-ignore
    this.bytes = this.header.length + all;
  }

  get headerBytes(): number {
    return this.header.length;
  }

  get gopBytes(): number {
    return this.gop.length;
  }

  /** Bytes [from, to] in pieces. */
  *read(from: number, to: number): Generator<Buffer> {
    for (let at = from; at <= to;) {
      const inGop = (at - this.header.length) % this.gop.length;
      const piece = at < this.header.length ? this.header.subarray(at, to + 1) : this.gop.subarray(inGop, inGop + to + 1 - at); // prettier-ignore
      yield piece;
      at += piece.length;
    }
  }
}

/** Serves a film by ranges, and counts what goes out. */
export class FilmServer {
  sent = 0;
  requests = 0;
  /** Answers the next requests with this status instead. */
  readonly failures: number[] = [];
  private readonly server: Server;

  private constructor(film: LongFilm) {
    this.server = createServer((request, response) => {
      this.requests++;
      const failure = this.failures.shift();
      if (failure !== undefined) return void response.writeHead(failure).end();
      const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? 'bytes=0-') ?? [];
      const from = Number(first);
      const to = Math.min(last ? Number(last) : Infinity, film.bytes - 1);
      response.writeHead(206, {
        'Content-Range': `bytes ${from}-${to}/${film.bytes}`,
        'Content-Length': to - from + 1,
        'Accept-Ranges': 'bytes',
      });
      for (const piece of film.read(from, to)) {
        this.sent += piece.length;
        response.write(piece);
      }
      response.end();
    });
  }

  static async start(film: LongFilm): Promise<FilmServer> {
    const server = new FilmServer(film);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/film.mp4`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
