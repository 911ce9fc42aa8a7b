let lastInputAt = Date.now();

/** Notes keys and pointers of the whole page: what a person does, not what the page asks by itself. */
export function watchInput(): void {
  const note = () => {
    lastInputAt = Date.now();
  };
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
    window.addEventListener(kind, note, { passive: true, capture: true });
  }
}

/** The header that tells the server how long nobody has been there: sessions end without input. */
export const idleHeader = (): Record<string, string> => ({
  'Smartbox-Idle': String(Math.floor((Date.now() - lastInputAt) / 1000)),
});
