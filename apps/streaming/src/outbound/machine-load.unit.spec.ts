import { describe, expect, it } from 'vitest';
import { MachineLoad } from './machine-load.ts';

describe('admission by the load of the machine', () => {
  it('refuses while too much is in use, and admits again afterwards', () => {
    const times = { busy: 0, all: 0 };
    const spend = (busy: number) => {
      times.busy += busy;
      times.all += 100;
    };
    const load = new MachineLoad(80, () => ({ ...times }));
    load.admit();
    spend(79);
    load.measure();
    load.admit();
    spend(85);
    load.measure();
    expect(() => load.admit()).toThrow(/the machine is busy \(85 %\)/);
    spend(20);
    load.measure();
    load.admit();
    load.close();
  });

  it('without a limit never refuses', () => {
    const times = { busy: 0, all: 0 };
    const load = new MachineLoad(100, () => ({ ...times }));
    times.busy = times.all = 100;
    load.measure();
    load.admit();
    load.close();
  });
});
