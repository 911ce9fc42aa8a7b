import type { CallerView, Permission } from '@smartbox/contracts';
import { useSyncExternalStore } from 'react';
import { idleHeader } from './input-clock.ts';
import { may, SessionStore } from './session-store.ts';
import type { SessionState } from './session-store.ts';

const SESSION = '/api/v1/session';
const LOOK_MS = 60_000;
const LOOK_WHILE_UNREACHABLE_MS = 5_000;

export const session = new SessionStore(
  async () => {
    const response = await fetch(SESSION, { headers: idleHeader() });
    if (!response.ok) throw new Error(`the session cannot be had: ${response.status}`);
    return response.json();
  },
  () => location.assign('/'),
);

/** Asks now, then each minute, and when the page is looked at again: rights change, sessions end. */
export function watchSession(): void {
  const look = async (): Promise<void> => {
    await session.refresh();
    setTimeout(() => void look(), session.get().unreachable ? LOOK_WHILE_UNREACHABLE_MS : LOOK_MS);
  };
  void look();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void session.refresh();
  });
}

/**
 * `fetch` for everything that is asked of the catalog. Where nobody is signed in any more, the question waits until the
 * same person is, and is asked again: what was typed and pressed goes on.
 */
export async function fetchAsSomebody(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(withIdle(request));
  if (response.status !== 401) return response;
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if ((problem as { code?: unknown } | undefined)?.code !== 'sign-in-needed') return response;
  await Promise.race([session.again(), aborted(request.signal)]);
  return fetch(withIdle(again));
}

function withIdle(request: Request): Request {
  for (const [name, value] of Object.entries(idleHeader())) request.headers.set(name, value);
  return request;
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

export const useSession = (): SessionState => useSyncExternalStore(session.subscribe, session.get);

export const useCaller = (): CallerView | undefined => useSession().view?.caller;

/** May whoever is signed in do this? Hides what the server would refuse. */
export const useMay = (): ((permission: Permission) => boolean) => {
  const caller = useCaller();
  return (permission) => may(caller, permission);
};

/** Where the hospital's sign-in begins, and which page it leads back to. */
export const providerUrl = (startUrl: string, returnTo: string): string =>
  `${startUrl}?${new URLSearchParams({ returnTo }).toString()}`;
