/** Makes the app installable, and able to start while the server is away. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('/sw.js').catch((error: unknown) => {
    console.warn('the app will not start while the server is away:', error instanceof Error ? error.message : error);
  });
}
