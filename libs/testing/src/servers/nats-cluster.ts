import { inputError } from '@smartbox/kernel';
import { freePorts } from '../ports.ts';
import { randomSecret } from './launch.ts';
import type { NatsCredentials, NatsServer } from './nats-info.ts';
import { startNats } from './nats.ts';

export interface NatsCluster {
  servers: readonly NatsServer[];
  /** Of every server, as `NATS_URL` and a client take them. */
  urls: readonly string[];
  credentials: NatsCredentials;
  stop: () => Promise<void>;
}

/** Servers with a quorum of JetStream between them, each with a store of its own: the failure domains of a site. */
export async function startNatsCluster(size: 3 | 5 = 3): Promise<NatsCluster> {
  if (process.env['SMARTBOX_NATS_URL'] || process.env['INFRA'] === 'docker') {
    throw inputError('nats-cluster', 'a cluster is made of servers of this machine only');
  }
  const credentials = { user: 'smartbox', password: randomSecret() };
  const ports = await freePorts(size);
  const peer = { user: 'route', password: randomSecret() };
  const routes = ports.map((port) => `nats-route://${peer.user}:${peer.password}@127.0.0.1:${port}`);
  const started = await Promise.allSettled(
    ports.map((port, index) =>
      startNats({
        credentials,
        serverName: `smartbox-${index + 1}`,
        extraConfig: `cluster {
  name: smartbox
  listen: "127.0.0.1:${port}"
  authorization { user: ${peer.user}, password: "${peer.password}" }
  routes: ${JSON.stringify(routes)}
}`,
      }),
    ),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { servers, urls: servers.map(({ url }) => url), credentials, stop };
}
