import type { DestinationsFile } from '@smartbox/contracts';
import type { TlsFiles } from '@smartbox/dimse';

const DAY_MS = 86_400_000;
/** Days before its end at which a certificate is warned about: time to order, to remind, to act; 0: it has ended. */
const STEPS = [0, 1, 3, 7, 14, 30];

/** The step that a certificate has come to: 30, 14, 7, 3, 1 or 0 days; undefined while nobody has to act. */
export function warningStep(endsAt: Date, now: Date): number | undefined {
  const days = (endsAt.getTime() - now.getTime()) / DAY_MS;
  return STEPS.find((step) => days <= step);
}

/** Where certificates are configured, with the names that errors give these places. */
export function configuredTls({
  destinations,
  listener,
  worklist,
}: DestinationsFile): [owner: string, files: TlsFiles][] {
  const places: [string, TlsFiles | undefined][] = [
    ...destinations.map(({ name, tls }): [string, TlsFiles | undefined] => [`destination ${name}`, tls]),
    ['listener', listener?.tls],
    ['worklist', worklist?.tls],
    ['worklist.mpps', worklist?.mpps?.tls],
  ];
  return places.filter((place): place is [string, TlsFiles] => place[1] !== undefined);
}
