import { ApiError } from './errors.ts';

const TRIES = 4;

/** Asks again, with the same id, while the server does not answer at all: it saves once however often it is asked. */
export async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const mayHelp = error instanceof ApiError && (error.status === 0 || error.status === 502 || error.status === 503);
      if (!mayHelp || attempt >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? 400 * 2 ** attempt));
    }
  }
}
