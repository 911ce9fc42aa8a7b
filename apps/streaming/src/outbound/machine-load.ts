import { cpus } from 'node:os';
import { transientError } from '@smartbox/kernel';
import { counter, gauge } from '@smartbox/telemetry';
import type { Admission } from '../application/ports.ts';

const LOOK_MS = 2_000;

interface Times {
  busy: number;
  all: number;
}

/** Of all cores since the machine started, ms (os.cpus). */
function timesNow(): Times {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { busy: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}

/**
 * No further viewers while the machine has too little left: where the capture runs on it too, it comes first. Those who
 * watch already go on.
 */
export class MachineLoad implements Admission {
  readonly #maxShare: number;
  readonly #look: () => Times;
  readonly #timer: NodeJS.Timeout;
  #last: Times;
  #share = 0;

  /** @param maxPercent 100: no limit. */
  constructor(maxPercent: number, look: () => Times = timesNow) {
    this.#maxShare = maxPercent / 100;
    this.#look = look;
    this.#last = look();
    this.#timer = setInterval(() => this.measure(), LOOK_MS).unref();
    gauge('smartbox_live_machine_busy_ratio', 'CPU time in use, all cores, last 2 s', [], (set) => set(this.#share));
  }

  measure(): void {
    const now = this.#look();
    const all = now.all - this.#last.all;
    if (all > 0) this.#share = (now.busy - this.#last.busy) / all;
    this.#last = now;
  }

  get busy(): boolean {
    return this.#maxShare < 1 && this.#share >= this.#maxShare;
  }

  /** @throws SmartBoxError `overloaded`. */
  admit(): void {
    if (!this.busy) return;
    counter('smartbox_live_refused_total', 'Joins refused, by code', ['code']).inc({ code: 'machine-busy' });
    const percent = Math.round(this.#share * 100);
    throw transientError('overloaded', `the machine is busy (${percent} %): no further viewers for now`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
