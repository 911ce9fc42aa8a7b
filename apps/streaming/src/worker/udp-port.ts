import { createSocket } from 'node:dgram';

/** A UDP port that is free on the address now. */
export function freeUdpPort(address: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address?.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.bind(0, address ?? '0.0.0.0', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
