import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request: passed on, answered with a 503, cut, or done by the server with the answer lost. */
export type Fate = 'pass' | '503' | 'cut' | 'lose-answer';

/** An HTTP proxy on loopback that lets single requests fail. */
export async function faultProxy(
  target: { host: string; port: number },
  fate: (request: http.IncomingMessage) => Fate,
) {
  const server = http.createServer((request, response) => {
    const decided = fate(request);
    if (decided === 'cut') return void request.socket.destroy();
    if (decided === '503') {
      request.resume();
      return void request.on('end', () => response.writeHead(503).end());
    }
    const { method, url, headers } = request;
    const onward = http.request({ ...target, method, path: url, headers, agent: false }, (answer) => {
      if (decided === 'lose-answer') {
        answer.resume();
        return void answer.on('end', () => request.socket.destroy());
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
