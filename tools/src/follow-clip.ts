import { ClipState, FeedMessage } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import type { CatalogApi } from './api.ts';

/** Server-sent events (HTML standard, 9.2) of the catalog's feed; ends with the connection. */
async function* readFeed(api: CatalogApi, signal: AbortSignal): AsyncGenerator<FeedMessage> {
  const response = await fetch(`${api.url}/feed`, {
    headers: { accept: 'text/event-stream', ...api.authorization },
    signal,
  });
  if (!response.ok || !response.body) throw new Error(`the feed answers HTTP ${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const data = block.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []));
      const message = data.length === 0 ? undefined : FeedMessage.safeParse(JSON.parse(data.join('\n')));
      if (message?.success) yield message.data;
    }
  }
}

/** When each state of a clip was first seen, ms after `since` (performance.now()). */
export type StateTimes = Partial<Record<ClipState, number>>;

const ended: readonly ClipState[] = ['sent', 'archived', 'failed'];
const unsaved: readonly ClipState[] = ['requested', 'recording'];

/**
 * Follows a clip by the catalog's events until it is in the PACS; a lost connection is opened again, and the state
 * is asked for each time, so that nothing is missed.
 * @throws SmartBoxError `clip-failed`, `clip-timeout`.
 */
export async function followClip(
  api: CatalogApi,
  clipId: string,
  options: {
    since: number;
    timeoutMs: number;
    /** Only until it is saved. */
    saved?: boolean;
    onState: (state: ClipState, atMs: number) => void;
  },
): Promise<StateTimes> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const times: StateTimes = {};
  const see = async (state: ClipState): Promise<boolean> => {
    if (times[state] === undefined) {
      times[state] = performance.now() - options.since;
      options.onState(state, times[state]);
    }
    if (state === 'failed') {
      const { failure } = await api.clip(clipId);
      throw new SmartBoxError({
        code: 'clip-failed',
        message: `the clip failed: ${failure?.code ?? ''} ${failure?.reason ?? ''}`,
        fault: 'theirs',
      });
    }
    return ended.includes(state) || (options.saved === true && !unsaved.includes(state));
  };
  while (!deadline.aborted) {
    const close = new AbortController();
    // The feed first, then the question: what happens in between is in the feed.
    const feed = readFeed(api, AbortSignal.any([deadline, close.signal]));
    try {
      const first = feed.next();
      first.catch(() => undefined);
      if (await see((await api.clip(clipId)).state)) return times;
      for (let next = await first; !next.done; next = await feed.next()) {
        if (next.value.kind === 'clip' && next.value.clip.clipId === clipId && (await see(next.value.clip.state)))
          return times;
        if (next.value.kind === 'heartbeat' && (await see((await api.clip(clipId)).state))) return times;
      }
    } catch (error) {
      if (error instanceof SmartBoxError && !error.retryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    } finally {
      close.abort();
    }
  }
  throw new SmartBoxError({
    code: 'clip-timeout',
    message: `clip ${clipId} is not in the PACS after ${options.timeoutMs / 1000} s (seen: ${Object.keys(times).join(', ')})`,
    fault: 'theirs',
  });
}
