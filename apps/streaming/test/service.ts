import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { signLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { startTelemetry } from '@smartbox/telemetry';
import { startNats } from '@smartbox/testing';
import { AppModule } from '../src/app.module.ts';
import { readConfig } from '../src/config.ts';
import { acceptSdp } from '../src/sdp-bodies.ts';

const secret = 'a secret of the specs, long enough';

/** A live token for a stream; a negative time has run out already. */
export const token = (stationId = 'or-1', sourceId = 'scope', seconds = 60): string =>
  signLiveToken({ stationId, sourceId, exp: Math.floor(Date.now() / 1000) + seconds }, secret);

export interface Service {
  /** The station's side of the broker. */
  edge: Messaging;
  app: NestFastifyApplication;
  url: string;
  metric(name: string): Promise<number>;
  close(): Promise<void>;
}

/** The real service on a real broker. */
export async function startService(env: Record<string, string> = {}): Promise<Service> {
  startTelemetry('streaming');
  const nats = await startNats();
  const { user, password } = nats.credentials;
  const edge = await Messaging.connect({ service: 'capture-edge', servers: nats.url, user, pass: password });
  const config = readConfig({
    PORT: '0',
    NATS_URL: nats.url,
    NATS_USER: user,
    NATS_PASSWORD: password,
    LIVE_TOKEN_SECRET: secret,
    ...env,
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), new FastifyAdapter(), {
    logger: false,
  });
  acceptSdp(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    edge,
    app,
    url,
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
    },
    close: async () => {
      await app.close();
      await edge.close();
      await nats.stop();
    },
  };
}
