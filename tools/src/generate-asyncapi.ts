/** Writes docs/api/asyncapi.json from the contracts. `--check` fails when the file on disk differs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  COMMANDS,
  DEAD,
  EVENTS,
  RingHeaders,
  RpcError,
  cloudEvent,
  commandMap,
  commandSubject,
  eventSubject,
  eventType,
  events,
  rpcMap,
  rpcSubject,
} from '@smartbox/contracts';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const target = join(root, 'docs/api/asyncapi.json');

const schema = (type: z.ZodType) => {
  const { $schema: _, ...rest } = z.toJSONSchema(type, { io: 'input', target: 'draft-07', unrepresentable: 'any' });
  return rest;
};
const id = (name: string) => name.replaceAll('.', '_').replaceAll('-', '_');
const names = <T extends object>(map: T) => Object.keys(map) as (keyof T & string)[];
const messageRef = (channel: string) => [{ $ref: `#/channels/${channel}/messages/message` }];

/** The whole document, as AsyncAPI 3.0 has it. */
export function asyncApi(): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const add = (key: string, address: string, message: object, operation: object, extra: object = {}) => {
    channels[key] = { address, messages: { message }, ...extra };
    operations[key] = { channel: { $ref: `#/channels/${key}` }, messages: messageRef(key), ...operation };
  };

  for (const name of names(events)) {
    add(
      id(`evt.${name}`),
      eventSubject(name),
      {
        name: eventType(name),
        contentType: 'application/cloudevents+json',
        payload: schema(cloudEvent(eventType(name), events[name])),
      },
      { action: 'send', summary: `Stream ${EVENTS.name}; published by ${name.split('.')[0]} alone` },
    );
  }
  for (const name of names(commandMap)) {
    add(
      id(`cmd.${name}`),
      commandSubject(name),
      { name: `smartbox.${name}`, contentType: 'application/json', payload: schema(commandMap[name]) },
      { action: 'receive', summary: `Stream ${COMMANDS.name} (work queue); a person's durable intent` },
    );
  }
  for (const name of names(rpcMap)) {
    const key = id(`rpc.${name}`);
    const perStation = name.startsWith('capture-edge.');
    channels[`${key}_reply`] = {
      address: null,
      messages: {
        message: { contentType: 'application/json', payload: schema(rpcMap[name].reply) },
        error: { contentType: 'application/json', payload: schema(RpcError) },
      },
    };
    add(
      key,
      rpcSubject(name, perStation ? '{station}' : undefined),
      { contentType: 'application/json', payload: schema(rpcMap[name].request) },
      {
        action: 'receive',
        summary: 'Request/reply, not stored',
        reply: { channel: { $ref: `#/channels/${key}_reply` }, messages: messageRef(`${key}_reply`) },
      },
      perStation ? { parameters: { station: { description: 'Station id' } } } : {},
    );
  }
  const place = {
    parameters: { station: { description: 'Station id' }, source: { description: 'Source id' } },
  };
  add(
    'ring',
    'ring.{station}.{source}',
    {
      name: 'CmafFragment',
      contentType: 'video/mp4',
      headers: schema(RingHeaders),
      payload: { type: 'string', contentEncoding: 'binary' },
    },
    { action: 'send', summary: 'One GOP as a CMAF fragment, with its init segment; stream RING_<station>' },
    place,
  );
  add(
    'live',
    'live.{station}.{source}',
    { name: 'LiveAccessUnit', contentType: 'video/h264', payload: { type: 'string', contentEncoding: 'binary' } },
    { action: 'send', summary: 'One access unit behind a 24-byte header; not stored' },
    place,
  );
  add(
    'dead',
    'dead.{service}',
    { name: 'DeadLetter', payload: {} },
    { action: 'send', summary: `Stream ${DEAD.name}: a message given up, with the reason in its headers` },
    { parameters: { service: { description: 'The service that gave up' } } },
  );

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'SmartBox events',
      version: '1.0.0',
      description: 'Everything that travels over NATS. Generated from libs/contracts; do not edit.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { nats: { host: '{host}', protocol: 'nats', variables: { host: { default: '127.0.0.1:4222' } } } },
    channels,
    operations,
  };
}

if (process.argv[1] === import.meta.filename) {
  const text = `${JSON.stringify(asyncApi(), null, 2)}\n`;
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) {
      console.error('docs/api/asyncapi.json is not what the contracts say: run npm run generate');
      process.exit(1);
    }
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
