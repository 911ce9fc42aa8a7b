import { Controller, Get, Header, Inject, Module, Res, type DynamicModule } from '@nestjs/common';
import { toError } from '@smartbox/kernel';
import { metricsRegistry } from './metrics.ts';

/** Returns nothing when well, throws (or answers with a reason) when not. */
export type HealthCheck = () => void | string | undefined | Promise<void | string | undefined>;

export interface Readiness {
  ready: boolean;
  checks: Record<string, { ok: boolean; reason?: string }>;
}

/** Named checks behind `/readyz`; each has one second. */
export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();
  #stopping = false;

  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  remove(name: string): void {
    this.#checks.delete(name);
  }

  /** From now on not ready: load balancers look elsewhere while work in flight ends. */
  stopping(): void {
    this.#stopping = true;
  }

  async readiness(): Promise<Readiness> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await run(check)] as const),
    );
    const checks = Object.fromEntries(entries);
    if (this.#stopping) checks['shutdown'] = { ok: false, reason: 'the service is stopping' };
    return { ready: Object.values(checks).every(({ ok }) => ok), checks };
  }
}

async function run(check: HealthCheck): Promise<{ ok: boolean; reason?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('no answer within 1 s'), 1000)));
  try {
    const reason = await Promise.race([Promise.resolve().then(check), late]);
    return reason === undefined ? { ok: true } : { ok: false, reason };
  } catch (error) {
    return { ok: false, reason: toError(error).message };
  } finally {
    clearTimeout(timer);
  }
}

/** The process's registry: adapters add their checks here. */
export const health = new HealthRegistry();

interface Reply {
  status(code: number): Reply;
  send(body: unknown): unknown;
}

@Controller()
class HealthController {
  readonly registry: HealthRegistry;
  constructor(@Inject(HealthRegistry) registry: HealthRegistry) {
    this.registry = registry;
  }

  @Get('healthz')
  @Header('Cache-Control', 'no-store')
  healthz(): { alive: true } {
    return { alive: true };
  }

  @Get('readyz')
  @Header('Cache-Control', 'no-store')
  async readyz(@Res() reply: Reply): Promise<void> {
    const readiness = await this.registry.readiness();
    reply.status(readiness.ready ? 200 : 503).send(readiness);
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return metricsRegistry.metrics();
  }
}

/** `/healthz` (the process is alive), `/readyz` (every check, with reasons; 503 when one fails) and `/metrics`. */
@Module({})
export class HealthModule {
  static forRoot(registry: HealthRegistry = health): DynamicModule {
    return {
      module: HealthModule,
      global: true,
      controllers: [HealthController],
      providers: [{ provide: HealthRegistry, useValue: registry }],
      exports: [HealthRegistry],
    };
  }
}
