import { headers as makeHeaders, type MsgHdrs } from '@nats-io/transport-node';
import type { Headers } from './message.ts';

export function toNatsHeaders(record: Headers): MsgHdrs {
  const out = makeHeaders();
  for (const [key, value] of Object.entries(record)) out.set(key, value.replaceAll(/[\r\n]+/g, ' '));
  return out;
}

export function fromNatsHeaders(headers: MsgHdrs | undefined): Headers {
  if (!headers) return {};
  return Object.fromEntries([...headers.keys()].map((key) => [key, headers.get(key)]));
}
