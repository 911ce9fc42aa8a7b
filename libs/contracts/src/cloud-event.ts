import { z } from 'zod';
import { Instant } from './primitives.ts';

/**
 * CloudEvents 1.0 in structured JSON mode. `traceparent` is the Distributed Tracing extension.
 * `id` is the deduplication id (also `Nats-Msg-Id`): deterministic, so that a retried publish is one event.
 */
export function cloudEvent<T extends z.ZodType>(type: string, data: T) {
  return z.object({
    specversion: z.literal('1.0'),
    id: z.string().min(1).max(200),
    source: z.string().min(1),
    type: z.literal(type),
    time: Instant,
    subject: z.string().optional(),
    datacontenttype: z.literal('application/json').default('application/json'),
    traceparent: z.string().optional(),
    data,
  });
}

export interface CloudEvent<T = unknown> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  subject?: string | undefined;
  datacontenttype: 'application/json';
  traceparent?: string | undefined;
  data: T;
}
