/** What is sent: a camera of this device, or its screen. */
export type Shown = 'camera' | 'screen';
export type Facing = 'environment' | 'user';

export type DeviceTrouble = 'denied' | 'missing' | 'busy' | 'insecure';

/** Why there is no picture; `cancelled`: the person did not choose one. */
export class DeviceError extends Error {
  readonly trouble: DeviceTrouble | 'cancelled';

  constructor(trouble: DeviceError['trouble']) {
    super(`no picture: ${trouble}`);
    this.name = 'DeviceError';
    this.trouble = trouble;
  }
}

const wanted = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 30 } };

/** Browsers give a camera to pages that came by HTTPS only, or from this machine. */
export const isSecure = (): boolean => typeof navigator !== 'undefined' && navigator.mediaDevices !== undefined;

export const hasScreen = (): boolean => isSecure() && 'getDisplayMedia' in navigator.mediaDevices;

/** @throws DeviceError */
export async function openDevice(what: Shown, facing: Facing): Promise<MediaStream> {
  if (!isSecure()) throw new DeviceError('insecure');
  try {
    if (what === 'screen') return await navigator.mediaDevices.getDisplayMedia({ video: wanted });
    return await navigator.mediaDevices.getUserMedia({ video: { ...wanted, facingMode: { ideal: facing } } });
  } catch (error) {
    throw new DeviceError(troubleOf(error as DOMException, what));
  }
}

function troubleOf({ name }: DOMException, what: Shown): DeviceError['trouble'] {
  if (name === 'NotAllowedError') return what === 'screen' ? 'cancelled' : 'denied';
  if (name === 'SecurityError') return 'denied';
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'missing';
}

/** Is there more than one camera to choose from? Known once one was allowed. */
export async function hasSeveralCameras(): Promise<boolean> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind }) => kind === 'videoinput').length > 1;
}

/** The screen stays on for as long as the returned function is not called: a phone that sleeps sends nothing. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  const ask = () => {
    // The browser takes it away with the page's visibility.
    if (over || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    navigator.wakeLock.request('screen').then(
      (got) => (over ? void got.release() : (lock = got)),
      () => undefined,
    );
  };
  ask();
  document.addEventListener('visibilitychange', ask);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', ask);
    void lock?.release();
  };
}
