import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsServer } from './servers/nats-info.ts';
import { until } from './wait.ts';

/** Waits until a durable consumer of `EVENTS` has taken everything, and is at work on nothing. */
export async function consumerIdle({ url, credentials }: NatsServer, durable: string): Promise<void> {
  const connection = await connect({ servers: [url], user: credentials.user, pass: credentials.password });
  try {
    const { consumers } = await jetstreamManager(connection);
    await until(
      async () => {
        const { num_pending: waiting, num_ack_pending: underWay } = await consumers.info('EVENTS', durable);
        return waiting + underWay === 0;
      },
      { what: `the consumer ${durable} having handled everything` },
    );
  } finally {
    await connection.close();
  }
}
