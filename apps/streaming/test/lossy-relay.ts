import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Page } from 'playwright-core';

/** A network between a viewer and the service that loses packets in both directions, by a fixed sequence. */
export class LossyRelay {
  /** 0 to 1. */
  loss = 0;
  passed = 0;
  lost = 0;
  readonly #front: Socket;
  readonly #back = new Map<number, Socket>();
  #state = 1;
  #target = 0;

  private constructor(front: Socket) {
    this.#front = front;
    front.on('message', (packet, { port }) => this.#forth(packet, port));
  }

  static async start(): Promise<LossyRelay> {
    const front = createSocket('udp4');
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new LossyRelay(front);
  }

  /** Joins of this page go over the relay: the offer loses its candidates, the answer gets the relay's. */
  async between(page: Page): Promise<void> {
    await page.route('**/whep/**', async (route) => {
      const offer = route.request().postData();
      if (route.request().method() !== 'POST' || offer === null) return route.continue();
      const response = await route.fetch({ postData: offer.replace(/^a=candidate:.*\r\n/gm, '') });
      const answer = await response.text();
      this.#target = Number(/^a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 (\d+) /m.exec(answer)?.[1]);
      const { port } = this.#front.address();
      const body = answer.replace(/^(a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1) \d+ /gm, `$1 ${port} `);
      return route.fulfill({ response, body });
    });
  }

  close(): void {
    this.#front.close();
    for (const socket of this.#back.values()) socket.close();
  }

  #forth(packet: Buffer, from: number): void {
    let back = this.#back.get(from);
    if (!back) {
      back = createSocket('udp4');
      back.on('message', (answer) => {
        if (!this.#loses()) this.#front.send(answer, from, '127.0.0.1');
      });
      this.#back.set(from, back);
    }
    if (!this.#loses()) back.send(packet, this.#target, '127.0.0.1');
  }

  #loses(): boolean {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    const loses = this.#state / 2 ** 32 < this.loss;
    if (loses) this.lost += 1;
    else this.passed += 1;
    return loses;
  }
}
