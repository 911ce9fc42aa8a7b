import { useEffect, useState, useSyncExternalStore } from 'react';
import { api } from '../api/client.ts';
import { Transmission } from './transmission.ts';
import type { Figures, TransmissionState } from './transmission.ts';

/** A transmission that ends with the page. */
export function useTransmission(): { transmission: Transmission; state: TransmissionState } {
  const [transmission] = useState(
    () => new Transmission({ grant: (stationId, sourceId, signal) => api.publishGrant(stationId, sourceId, signal) }),
  );
  const state = useSyncExternalStore(
    (listener) => transmission.onChange(listener),
    () => transmission.state,
  );
  useEffect(() => {
    const leave = () => transmission.stop();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [transmission]);
  return { transmission, state };
}

const LOOK_MS = 1_000;

/** What leaves this device, once a second while it does. */
export function useFigures(transmission: Transmission, sending: boolean): Figures | undefined {
  const [figures, setFigures] = useState<Figures>();
  useEffect(() => {
    if (!sending) return;
    const timer = setInterval(() => void transmission.figures().then(setFigures), LOOK_MS);
    return () => {
      clearInterval(timer);
      setFigures(undefined);
    };
  }, [transmission, sending]);
  return figures;
}
