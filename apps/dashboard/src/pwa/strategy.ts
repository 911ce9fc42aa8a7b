/** How the service worker answers a request. `network`: as if it were not there; nothing of it is ever kept. */
export type Strategy = 'network' | 'shell' | 'asset';

interface Asked {
  method: string;
  mode: string;
  url: string;
}

/**
 * The app's own files may come from the cache. Everything of a patient (the interface, pictures, video) is asked of the
 * server each time and never kept on the device.
 */
export function strategyFor({ method, mode, url }: Asked, origin: string): Strategy {
  const { origin: from, pathname } = new URL(url);
  if (method !== 'GET' || from !== origin || /^\/(api|healthz|readyz|metrics)(\/|$)/.test(pathname)) return 'network';
  if (mode === 'navigate') return 'shell';
  return pathname.startsWith('/assets/') || isShellFile(pathname) ? 'asset' : 'network';
}

/** Files beside index.html that the app needs to start. */
const isShellFile = (pathname: string): boolean =>
  /^\/(favicon\.svg|manifest\.webmanifest|icons\/.+\.png)$/.test(pathname);
