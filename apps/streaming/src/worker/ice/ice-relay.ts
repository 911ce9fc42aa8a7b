import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readStun, type TransportAddress } from '../../domain/stun.ts';
import { keyOf, type Outside, type RestartedPath } from './restarted-path.ts';

/** The port at which the viewers of one worker arrive whose ICE session has been restarted. */
export class IceRelay implements Outside {
  readonly port: number;
  readonly #sockets: readonly Socket[];
  readonly #paths = new Set<RestartedPath>();
  readonly #byAddress = new Map<string, RestartedPath>();

  private constructor(sockets: readonly Socket[], port: number) {
    this.#sockets = sockets;
    this.port = port;
    for (const socket of sockets) socket.on('message', (packet, from) => this.#take(packet, from));
  }

  /** On both address families where the machine has them. @param port 0: a free one. */
  static async open(port: number, bindAddress: string | undefined): Promise<IceRelay> {
    const four = await bound('udp4', port, bindAddress ?? '0.0.0.0');
    const { port: chosen } = four.address();
    const six = bindAddress === undefined ? await bound('udp6', chosen, '::').catch(() => undefined) : undefined;
    return new IceRelay(six ? [four, six] : [four], chosen);
  }

  add(path: RestartedPath): void {
    this.#paths.add(path);
  }

  remove(path: RestartedPath): void {
    this.#paths.delete(path);
    this.#forget(path);
  }

  send(packet: Buffer, { address, port }: TransportAddress): void {
    const socket = address.includes(':') ? this.#sockets[1] : this.#sockets[0];
    socket?.send(packet, port, address);
  }

  #take(packet: Buffer, { address, port }: RemoteInfo): void {
    const from = { address, port };
    const known = this.#byAddress.get(keyOf(from));
    if (known?.fromViewer(packet, from)) return;
    const message = readStun(packet);
    if (message?.kind !== 'request') return;
    const ufrag = message.username?.split(':')[0];
    for (const path of this.#paths) {
      if (path.server.ufrag !== ufrag || !path.fromViewer(packet, from)) continue;
      this.#byAddress.set(keyOf(from), path);
      return;
    }
  }

  #forget(path: RestartedPath): void {
    for (const [key, one] of this.#byAddress) if (one === path) this.#byAddress.delete(key);
  }
}

async function bound(type: 'udp4' | 'udp6', port: number, address: string): Promise<Socket> {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  const listening = once(socket, 'listening');
  socket.bind(port, address);
  await listening;
  socket.on('error', () => undefined);
  return socket;
}
