/** A process that takes the next message of a durable of EVENTS and says nothing about it: to be killed. */
import { connectNats } from '../src/connection.ts';

const [servers = '', user, pass, durable = ''] = process.argv.slice(2);
const { js } = await connectNats({ servers, user, pass, name: 'dying-worker' });
const consumer = await js.consumers.get('EVENTS', durable);
const message = await consumer.next({ expires: 30_000 });
process.stdout.write(`has it: ${message?.info.deliveryCount}\n`);
setInterval(() => undefined, 60_000);
