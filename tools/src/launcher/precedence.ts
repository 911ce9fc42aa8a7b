import { writeFileSync } from 'node:fs';
import type { Service } from '@smartbox/contracts';

/**
 * Who is served first when the machine is busy, as `nice` counts: nothing may disturb what is being captured, and what
 * is made of a clip can wait. A deployment says the same with CPU weights (deploy/).
 */
const niceness: Partial<Record<Service, number>> = { 'capture-edge': -10, streaming: -5, transcoder: 5 };

/**
 * Applies to the service and to everything it starts. Each service is a session of its own, and Linux shares the
 * processor between sessions first (sched(7), autogroup): the niceness of a process counts only within its session.
 * Below 0 needs the right to it; without it, and where there are no autogroups, everything stays equal.
 */
export function givePrecedence(service: Service, pid: number): void {
  const own = niceness[service];
  if (own === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(own));
  } catch {
    // not allowed, no such kernel, or gone already
  }
}
