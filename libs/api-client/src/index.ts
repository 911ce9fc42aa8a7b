import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './generated/api.ts';

export type { components, operations, paths } from './generated/api.ts';

/** A schema of the interface by its name: `Schema<'ClipView'>`. */
export type Schema<N extends keyof components['schemas']> = components['schemas'][N];
/** RFC 9457, as every refusal comes. */
export type Problem = Schema<'Problem'>;
export type CatalogClient = Client<paths>;

export interface ClientOptions {
  /** Origin of the catalog, e.g. `http://127.0.0.1:8080`; in a page of the catalog itself leave it out. */
  baseUrl?: string;
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * The catalog's REST interface with the types of docs/api/openapi.json: each call resolves to `{ data }` or
 * `{ error }`, a Problem; it rejects only when nothing answered.
 */
export function createCatalogClient(options: ClientOptions = {}): CatalogClient {
  const { baseUrl = '', fetch } = options;
  return createClient<paths>({ baseUrl, ...(fetch ? { fetch } : {}) });
}
