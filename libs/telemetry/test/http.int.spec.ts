import 'reflect-metadata';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentTraceId, HealthModule, HealthRegistry, startTelemetry, traceRequests } from '../src/index.ts';

@Controller()
class Things {
  @Get('things/:id')
  async thing(@Param('id') id: string): Promise<{ id: string; traceId: string | undefined }> {
    await Promise.resolve();
    return { id, traceId: currentTraceId() };
  }
}

describe('a service over HTTP', () => {
  const registry = new HealthRegistry();
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => {
    startTelemetry('spec');
    @Module({ imports: [HealthModule.forRoot(registry)], controllers: [Things] })
    class App {}
    app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter(), { logger: false });
    traceRequests(app.getHttpAdapter().getInstance());
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app?.close());

  it('continues the trace of the caller, and counts by route', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    expect(await (await fetch(`${url}/things/7`, { headers: { traceparent } })).json()).toEqual({ id: '7', traceId });
    const own = (await (await fetch(`${url}/things/8`)).json()) as { traceId: string };
    expect(own.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(own.traceId).not.toBe(traceId);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/smartbox_http_request_seconds_count\{method="GET",route="\/things\/:id",status="200"\} 2/);
  });

  it('says why it is not ready, and is alive all the same', async () => {
    registry.add('store', () => 'no bucket');
    registry.add('slow', () => new Promise<never>(() => undefined));
    registry.add('fine', () => undefined);
    const response = await fetch(`${url}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        ready: false,
        checks: {
          store: { ok: false, reason: 'no bucket' },
          slow: { ok: false, reason: 'no answer within 1 s' },
          fine: { ok: true },
        },
      },
    ]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const name of ['store', 'slow']) registry.remove(name);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    registry.stopping();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });
});
