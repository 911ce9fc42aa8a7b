import type { FeedMessage } from '@smartbox/contracts';
import { until } from '@smartbox/testing';
import type { Person } from './people.ts';

export interface Screen {
  messages: FeedMessage[];
  until(wanted: (message: FeedMessage) => boolean, timeoutMs?: number): Promise<FeedMessage>;
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  close(): void;
}

/** An open screen of somebody: reads the feed as EventSource does. */
export async function openScreen(person: Person): Promise<Screen> {
  const leave = new AbortController();
  const response = await person.fetch('/api/v1/feed', { signal: leave.signal });
  const messages: FeedMessage[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) messages.push(JSON.parse(data) as FeedMessage);
      }
    }
  };
  return {
    messages,
    ended: read().catch(() => undefined),
    close: () => leave.abort(),
    until: (wanted, timeoutMs = 10_000) =>
      until(() => messages.find(wanted), { timeoutMs, what: `a message that fits ${wanted.toString()}` }),
  };
}
