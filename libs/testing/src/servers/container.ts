import { createHash } from 'node:crypto';
import { SmartBoxError, toError } from '@smartbox/kernel';
import type { StartedTestContainer } from 'testcontainers';
import { freePort } from '../ports.ts';
import { until } from '../wait.ts';
import type { LaunchOptions, ServerControl } from './server.ts';

interface ContainerOptions {
  name: string;
  image: string;
  /** In the container. */
  port: number;
  command?: string[];
  environment?: Record<string, string>;
  /** Files that it finds, by path. */
  files?: Record<string, string>;
  /** The folder of its data. */
  data: string;
  /** Does the server answer its own protocol at this port of loopback? It may throw until then. */
  ready: (port: number) => Promise<boolean>;
}

interface Container {
  readonly host: string;
  readonly port: number;
  readonly control: ServerControl;
}

/**
 * Starts a container whose port is bound on loopback, the same one for its whole life. Its data is in a volume that
 * is kept when `launch.dataDir` is given, and removed by `stop()` otherwise. `INFRA=docker` was asked for
 * explicitly: without an engine it fails, it never falls back.
 * @throws SmartBoxError `docker-unavailable`.
 */
export async function startContainer(options: ContainerOptions, launch: LaunchOptions): Promise<Container> {
  const host = '127.0.0.1';
  const port = await freePort(launch.port);
  const container = await run(options, port, launch.dataDir);
  const { getContainerRuntimeClient } = await import('testcontainers');
  const engine = (await getContainerRuntimeClient()).container.getById(container.getId());
  const ready = async (): Promise<void> => {
    await until(() => options.ready(port), { what: `${options.name} answering`, timeoutMs: 60_000 });
  };
  try {
    await ready();
  } catch (error) {
    await container.stop();
    throw unavailable(options.image, error);
  }
  let stopped = false;
  const start = async (): Promise<void> => {
    await engine.start();
    await ready();
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    await engine.kill({ signal });
    if (signal === 'SIGKILL') await engine.wait();
  };
  return {
    host,
    port,
    control: {
      start,
      kill,
      stop: async () => {
        if (!stopped) await container.stop({ timeout: 10_000 });
        stopped = true;
      },
      restart: async (signal) => {
        if (signal === undefined) await engine.stop();
        else {
          await engine.kill({ signal });
          await engine.wait();
        }
        await start();
      },
    },
  };
}

async function run(
  options: ContainerOptions,
  port: number,
  dataDir: string | undefined,
): Promise<StartedTestContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  /** As a GenericContainer, but not for the whole network. */
  class LoopbackContainer extends GenericContainer {
    override async beforeContainerCreated(): Promise<void> {
      this.hostConfig.PortBindings = { [`${options.port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] };
    }
  }
  try {
    const container = new LoopbackContainer(options.image)
      .withExposedPorts({ container: options.port, host: port })
      .withEnvironment(options.environment ?? {})
      .withCopyContentToContainer(Object.entries(options.files ?? {}).map(([target, content]) => ({ target, content })))
      .withWaitStrategy(Wait.forListeningPorts());
    if (options.command) container.withCommand(options.command);
    if (dataDir !== undefined)
      container.withBindMounts([{ source: volumeName(options.name, dataDir), target: options.data }]);
    return await container.start();
  } catch (error) {
    throw unavailable(options.image, error);
  }
}

/** A volume for each folder in which the server would keep its data if it were no container. */
function volumeName(name: string, dataDir: string): string {
  return `smartbox-${name}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
}

function unavailable(image: string, error: unknown): SmartBoxError {
  return new SmartBoxError({
    code: 'docker-unavailable',
    message: `INFRA=docker, but ${image} could not be started: ${toError(error).message}. Start a container engine, or unset INFRA to use the embedded servers.`,
    fault: 'input',
    cause: error,
  });
}
