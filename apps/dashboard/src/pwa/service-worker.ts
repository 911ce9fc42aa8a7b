import { strategyFor } from './strategy.ts';

/** The part of ServiceWorkerGlobalScope that is used: the DOM's types are those of a window. */
interface Scope {
  /** Every file of this build: written here by vite.config.ts. */
  SHELL_FILES: string[];
  location: Location;
  clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Asked) => void): void;
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Lasting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

declare const self: Scope;

const files = self.SHELL_FILES;
const PREFIX = 'smartbox-shell-';
/** A build's files name it: another build is another cache. */
const CACHE = PREFIX + hash(files.join());
/** So long the server may take for the page before the kept one is shown. */
const PATIENCE_MS = 3_000;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  const forget = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const strategy = strategyFor(request, self.location.origin);
  if (strategy === 'shell') event.respondWith(page(request));
  if (strategy === 'asset') event.respondWith(asset(request));
});

/** The server's page, so that a new version is there at once; the kept one where it does not answer. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    return (await caches.match('/index.html')) ?? Response.error();
  }
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

function hash(text: string): string {
  let value = 5381;
  for (const character of text) value = (value * 33 + (character.codePointAt(0) ?? 0)) >>> 0;
  return value.toString(36);
}
