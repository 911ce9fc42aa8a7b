import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { signLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { startTelemetry } from '@smartbox/telemetry';
import { freePort, startNats } from '@smartbox/testing';
import { AppModule } from '../src/app.module.ts';
import { readConfig } from '../src/config.ts';
import { acceptSdp } from '../src/sdp-bodies.ts';

const secret = 'a secret of the specs, long enough';

/** A live token for the sources of a room (`a+b`); a negative time has run out already. */
export const token = (stationId = 'or-1', sources = 'scope', seconds = 60): string =>
  signLiveToken(
    { stationId, sourceIds: sources.split('+'), exp: Math.floor(Date.now() / 1000) + seconds, who: 'dr-a' },
    secret,
  );

/** A token into the conversation of or-1. */
export const talkToken = (side: 'room' | 'desk', rights: readonly string[] = ['speak', 'draw']): string =>
  signLiveToken(
    {
      stationId: 'or-1',
      sourceIds: [],
      exp: Math.floor(Date.now() / 1000) + 60,
      who: 'dr-a',
      use: 'converse',
      conversation: { side, rights, name: `${side} of the spec` },
    },
    secret,
  );

/** What this service has told so far. */
export async function tellings(messaging: Messaging): Promise<{ name: string; data: Record<string, unknown> }[]> {
  const found: { name: string; data: Record<string, unknown> }[] = [];
  for await (const { name, event } of messaging.readEvents({ follow: false })) {
    if (event && name?.startsWith('streaming.')) found.push({ name, data: event.data as Record<string, unknown> });
  }
  return found;
}

/** Who watched what, as far as it has been told. */
export async function viewerEvents(messaging: Messaging): Promise<Record<string, unknown>[]> {
  const told = await tellings(messaging);
  return told.filter(({ name }) => name.startsWith('streaming.viewer.')).map(({ data }) => data);
}

export interface Service {
  nats: Awaited<ReturnType<typeof startNats>>;
  /** The station's side of the broker. */
  edge: Messaging;
  app: NestFastifyApplication;
  url: string;
  metric(name: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * The real service on a real broker. `beside`: another instance on the same broker; `announced`: one that other
 * instances send viewers to.
 */
export async function startService(
  env: Record<string, string> = {},
  { beside, announced = false }: { beside?: Service; announced?: boolean } = {},
): Promise<Service> {
  startTelemetry('streaming');
  const nats = beside ? beside.nats : await startNats();
  const { user, password } = nats.credentials;
  const edge = beside
    ? beside.edge
    : await Messaging.connect({ service: 'capture-edge', servers: nats.url, user, pass: password });
  const port = await freePort();
  const config = readConfig({
    NATS_URL: nats.url,
    NATS_USER: user,
    NATS_PASSWORD: password,
    LIVE_TOKEN_SECRET: secret,
    ...(announced ? { PUBLIC_URL: `http://127.0.0.1:${port}` } : {}),
    ...env,
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), new FastifyAdapter(), {
    logger: false,
  });
  acceptSdp(app);
  await app.listen(port, '127.0.0.1');
  const url = await app.getUrl();
  return {
    nats,
    edge,
    app,
    url,
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
    },
    close: async () => {
      await app.close();
      if (beside) return;
      await edge.close();
      await nats.stop();
    },
  };
}
