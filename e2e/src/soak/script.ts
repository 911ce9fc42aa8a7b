import { services, type Service } from '@smartbox/contracts';
import fc from 'fast-check';

/** What people do in a room, and what goes wrong meanwhile. Times in seconds. */
export type Step =
  | { do: 'save' | 'record' | 'wait'; seconds: number }
  | { do: 'still' | 'next-patient' | 'kill-all' }
  | { do: 'kill'; service: Service }
  | { do: 'freeze'; service: Service; seconds: number }
  | { do: 'restart'; server: 'nats' | 'postgres' | 's3' };

const of = <T extends Step>(step: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(step) as fc.Arbitrary<Step>;
const is = <T extends string>(text: T) => fc.constant(text);
const seconds = (min: number, max: number) => fc.integer({ min, max });
const service = fc.constantFrom(...services);

const work = fc.oneof(
  { weight: 10, arbitrary: of({ do: is('save'), seconds: seconds(2, 30) }) },
  { weight: 3, arbitrary: of({ do: is('record'), seconds: seconds(2, 15) }) },
  { weight: 3, arbitrary: of({ do: is('still') }) },
  { weight: 2, arbitrary: of({ do: is('next-patient') }) },
  { weight: 5, arbitrary: of({ do: is('wait'), seconds: seconds(1, 8) }) },
);
const fault = fc.oneof(
  { weight: 6, arbitrary: of({ do: is('kill'), service }) },
  { weight: 3, arbitrary: of({ do: is('freeze'), service, seconds: seconds(1, 8) }) },
  { weight: 1, arbitrary: of({ do: is('kill-all') }) },
  { weight: 3, arbitrary: of({ do: is('restart'), server: fc.constantFrom('nats', 'postgres', 's3') }) },
);

/** Endless, and the same for the same seed: some work, then a fault in the middle of it. */
export function* script(seed: number, faults: boolean): Generator<Step> {
  for (let round = 0; ; round++) {
    const scene = fc.tuple(fc.array(work, { minLength: 2, maxLength: 6 }), fault);
    for (const [steps, wrong] of fc.sample(scene, { seed: seed + round, numRuns: 1 })) {
      yield* steps;
      if (faults) yield wrong;
    }
  }
}
