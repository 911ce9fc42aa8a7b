import type { AlarmView, ClipView, FeedMessage, ProcedureView, SessionView, StationView } from '@smartbox/contracts';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { adminAnswer } from './fixture-admin.ts';
import { clipDetail, clips, freeStation, moreStations, procedure, station, worklistItems } from './fixture-data.ts';
import { caller, signedIn } from './fixture-access.ts';
import { alarms, audit, negotiated } from './fixture-desk.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.mp4': 'video/mp4',
};
/** As strict as the catalog serves it. */
export const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

export interface Asked {
  method: string;
  /** Without /api/v1. */
  path: string;
  query: URLSearchParams;
  body: unknown;
}
export type Answer = { status: number; body: unknown } | { type: string; bytes: Buffer | string };

/** The REST face of the catalog for browser specs: its answers are data, its feed is sent by the spec. */
export class FixtureServer {
  session: SessionView = signedIn(caller());
  station: StationView = station();
  others: StationView[] = moreStations;
  clips: ClipView[] = clips;
  alarms: AlarmView[] = alarms;
  worklist: { items: unknown[]; stale: boolean; truncated?: boolean; asOf?: string; reason?: string } = {
    items: worklistItems,
    stale: false,
  };
  procedure: ProcedureView = procedure;
  /** Others of the room. */
  procedures: ProcedureView[] = [];
  /** What the information system was told. */
  step: unknown = { configured: false };
  /** Clips that went to another procedure. */
  readonly moved = new Set<string>();
  /** `METHOD /path` (without /api/v1) to an answer that replaces the usual one. */
  overrides = new Map<string, { status: number; body: unknown } | 'hang'>();
  /** Asked first: what a spec answers itself. */
  more: ((asked: Asked) => Answer | undefined) | undefined;
  requests: { method: string; path: string; body: unknown }[] = [];
  heartbeats = true;
  url = '';
  #dist: string;
  #video: string | undefined;
  #streams = new Set<ServerResponse>();
  #server = createServer((request, response) => void this.#handle(request, response));
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(dist: string, video?: string) {
    this.#dist = dist;
    this.#video = video;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#timer = setInterval(() => {
      if (!this.heartbeats) return;
      this.send({ kind: 'heartbeat', at: new Date().toISOString() });
      for (const one of [this.station, ...this.others]) this.send({ kind: 'station', station: one });
    }, 1000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  send(message: FeedMessage): void {
    for (const stream of this.#streams) stream.write(`event: ${message.kind}\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    if (pathname.startsWith('/api/v1/')) return this.#api(request, response, pathname.slice('/api/v1'.length));
    if (pathname.startsWith('/poster/')) {
      response.writeHead(200, { 'content-type': 'image/svg+xml' });
      response.end(poster(pathname));
      return;
    }
    if (pathname.startsWith('/video/') && this.#video) {
      const isFolder = statSync(this.#video).isDirectory();
      return this.#file(request, response, isFolder ? join(this.#video, basename(pathname)) : this.#video);
    }
    const file = join(this.#dist, pathname);
    this.#file(request, response, existsSync(file) && statSync(file).isFile() ? file : join(this.#dist, 'index.html'));
  }

  #file(request: IncomingMessage, response: ServerResponse, file: string): void {
    if (!existsSync(file)) return void response.writeHead(404).end();
    const size = statSync(file).size;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] ? Number(range[2]) : size - 1;
    response.writeHead(range ? 206 : 200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
      'content-security-policy': CSP,
    });
    createReadStream(file, { start, end }).pipe(response);
  }

  async #api(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (path === '/feed') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': hello\n\n');
      this.#streams.add(response);
      response.on('close', () => this.#streams.delete(response));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const method = request.method ?? 'GET';
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    this.requests.push({ method, path, body });
    const override = this.overrides.get(`${method} ${path}`);
    if (override === 'hang') return;
    const query = new URL(request.url ?? '/', this.url).searchParams;
    const own = override ?? this.more?.({ method, path, query, body });
    if (own && 'bytes' in own) {
      response.writeHead(200, { 'content-type': own.type });
      response.end(own.bytes);
      return;
    }
    const { status, body: answer } = own ?? this.#answer(method, path, body as Record<string, unknown>);
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  }

  /** As the catalog does: a new version, no emergency any more, its clips on their way once more. */
  #correct(body: Record<string, unknown> | undefined): void {
    const item = worklistItems.find(({ itemId }) => itemId === body?.['worklistItemId']);
    const patient = item?.patient ?? (body?.['patient'] as ProcedureView['patient']);
    this.procedure = { ...this.procedure, patient, emergency: false, version: this.procedure.version + 1 };
    this.clips = this.clips.map((c) => ({ ...c, patient, state: 'prepared' }));
  }

  /** As the catalog does: that clip alone has the other patient. */
  #reassign(clipId: string, body: Record<string, unknown> | undefined): ClipView {
    const other = this.procedures.find(({ procedureId }) => procedureId === body?.['procedureId']);
    const item = worklistItems.find(({ itemId }) => itemId === body?.['worklistItemId']);
    const patient = other?.patient ?? item?.patient ?? (body?.['patient'] as ClipView['patient']);
    this.moved.add(clipId);
    this.clips = this.clips.map((c) => (c.clipId === clipId ? { ...c, patient, state: 'prepared' } : c));
    return this.clips.find((c) => c.clipId === clipId)!;
  }

  #answer(method: string, path: string, body: Record<string, unknown> | undefined): { status: number; body?: unknown } {
    const ok = (value: unknown, status = 200) => ({ status, body: value });
    const admin = adminAnswer(method, path);
    if (admin) return admin;
    if (method === 'GET' && path === '/session') return ok(this.session);
    if (path === '/stations') return ok([this.station, ...this.others]);
    if (path === '/worklist') return ok(this.worklist);
    if (path === `/procedures/${procedure.procedureId}`) {
      if (method === 'PATCH') this.#correct(body);
      return ok(this.procedure);
    }
    if (path === `/procedures/${procedure.procedureId}/step`) return ok(this.step);
    if (method === 'GET' && path === '/procedures') return ok({ items: this.procedures });
    if (path.endsWith('/reassign')) return ok(this.#reassign(path.split('/')[2] ?? '', body));
    if (method === 'POST' && path === '/procedures') {
      this.station = station();
      return ok(procedure, 201);
    }
    if (path.endsWith('/consent')) {
      const state = body?.['state'] as ProcedureView['consent']['state'];
      const said: ProcedureView = { ...this.procedure, consent: { state, at: new Date().toISOString(), by: 'local' } };
      this.procedure = said;
      this.station = station({ procedure: said });
      return ok(said);
    }
    if (path.endsWith('/end')) {
      this.station = freeStation();
      return ok(undefined, 204);
    }
    if (method === 'GET' && path === '/clips') return ok({ items: this.clips, total: this.clips.length });
    if (method === 'POST' && path === '/clips') {
      const { savedAt: _at, savedMs: _ms, posterUrl: _url, ...requested } = this.clips[0] ?? clips[0]!;
      const clip: ClipView = {
        ...requested,
        clipId: String(body?.['clipId']),
        kind: 'clip',
        state: 'requested',
        truncated: false,
        requestedAt: new Date().toISOString(),
      };
      this.clips = [clip, ...this.clips];
      return ok(clip, 202);
    }
    if (/^\/clips\/[^/]+\/(edits|exports|quality)$/.test(path)) return ok({ items: [] });
    const detail = /^\/clips\/([^/]+)$/.exec(path);
    const found = this.clips.find((c) => c.clipId === detail?.[1]);
    if (method === 'GET' && found)
      return ok({ ...clipDetail(found), assignment: this.moved.has(found.clipId) ? 1 : 0 });
    if (method === 'PATCH' && found) {
      const changed: ClipView = { ...found, ...body };
      this.clips = this.clips.map((c) => (c === found ? changed : c));
      return ok(changed);
    }
    if (method === 'DELETE' && detail) {
      this.clips = this.clips.filter((c) => c.clipId !== detail[1]);
      return ok(undefined, 204);
    }
    if (path.endsWith('/audit')) return ok({ items: audit });
    if (path === '/alarms') return ok({ items: this.alarms });
    if (path === '/alarms/acknowledge') {
      const acknowledged = { by: 'local', at: new Date().toISOString() };
      this.alarms = this.alarms.map((alarm) => (alarm.code === body?.['code'] ? { ...alarm, acknowledged } : alarm));
      return ok({ items: this.alarms });
    }
    if (path === '/live-grants') {
      const whepUrl = `${this.url}/api/v1/whep`;
      return ok({
        whepUrl,
        hlsUrl: `${this.url}/api/v1/hls/index.m3u8`,
        token: 'spec',
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      });
    }
    if (path === '/destinations') {
      const base = { aeTitle: 'ARCHIVE', host: '127.0.0.1', port: 11112, waiting: 2, failed: 0 };
      return ok({
        items: [
          { ...base, name: 'archive', title: 'Zentrales Bildarchiv', parked: false, negotiated },
          {
            ...base,
            name: 'teaching',
            title: 'Lehrsammlung',
            port: 11113,
            parked: true,
            parkedReason: '127.0.0.1:11113 refused the connection',
            failed: 1,
          },
        ],
        reachable: true,
      });
    }
    if (path.endsWith('/echo')) return ok({ destination: 'archive', ok: true, roundTripMs: 4.2 });
    if (path === '/deliveries') {
      const items = this.clips.slice(0, 3).flatMap((clip) =>
        clipDetail(clip).instances.flatMap((i) =>
          i.deliveries.map((d) => ({
            ...d,
            deliveryId: `01JD${clip.clipId.slice(-8)}${d.deliveryId.slice(-14)}`,
            clipId: clip.clipId,
            patient: clip.patient,
            sopInstanceUid: i.sopInstanceUid,
            bytes: i.bytes,
          })),
        ),
      );
      return ok({ items });
    }
    if (method === 'POST' || method === 'PATCH') return ok({}, 202);
    return { status: 404, body: { type: 'about:blank', title: 'Not found', status: 404, code: 'not-found' } };
  }
}

function poster(path: string): string {
  const hue = (path.length * 47 + path.charCodeAt(8) * 29) % 360;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><defs><radialGradient id="g"><stop stop-color="hsl(${hue} 60% 55%)"/><stop offset="1" stop-color="hsl(${hue} 55% 18%)"/></radialGradient></defs><rect width="160" height="90" fill="url(#g)"/><circle cx="72" cy="44" r="17" fill="hsl(${hue} 70% 30%)"/></svg>`;
}
