import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The registry behind `/metrics`. */
export const metricsRegistry = new Registry();
let started = false;

/** Process and event-loop metrics, and the service's name on every line. Once per process. */
export function startMetrics(service: string): void {
  if (started) return;
  started = true;
  metricsRegistry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: metricsRegistry });
}

/** Counter by name; asking again gives the same one. Names: `smartbox_<what>_total`. Labels never carry patient data. */
export function counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
  const known = metricsRegistry.getSingleMetric(name);
  if (known) return known as Counter<L>;
  return new Counter({ name, help, labelNames, registers: [metricsRegistry] });
}

/** Gauge by name; `collect` is asked at each scrape. */
export function gauge<L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  collect?: (set: (value: number, labels?: Partial<Record<L, string>>) => void) => void,
): Gauge<L> {
  const known = metricsRegistry.getSingleMetric(name);
  if (known) return known as Gauge<L>;
  const made: Gauge<L> = new Gauge<L>({
    name,
    help,
    labelNames,
    registers: [metricsRegistry],
    ...(collect ? { collect: () => collect((value, labels) => made.set((labels ?? {}) as never, value)) } : {}),
  });
  return made;
}

/** Histogram by name. Seconds and bytes, as Prometheus wants them. */
export function histogram<L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  buckets: number[] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
): Histogram<L> {
  const known = metricsRegistry.getSingleMetric(name);
  if (known) return known as Histogram<L>;
  return new Histogram({ name, help, labelNames, buckets, registers: [metricsRegistry] });
}
