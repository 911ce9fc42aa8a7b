import type { AccountRole, SessionView } from '@smartbox/contracts';
import { checkAnswer, type Catalog } from './catalog.ts';

export interface Answer<T = never> {
  status: number;
  body: T;
  headers: Headers;
}

/** Somebody with a browser (or a program) of their own: keeps the cookies that it is given. */
export class Person {
  readonly cookies = new Map<string, string>();
  /** As they were set, with their attributes. */
  readonly setCookies: string[] = [];
  readonly #catalog: Catalog;
  readonly #headers: Record<string, string>;

  constructor(catalog: Catalog, headers: Record<string, string> = {}) {
    this.#catalog = catalog;
    this.#headers = headers;
  }

  /** @param path below the address of the service */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...this.#headers, ...(cookie === '' ? {} : { cookie }), ...(init.headers as object) };
    const response = await fetch(`${this.#catalog.url}${path}`, { redirect: 'manual', ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0(;|$)/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async send<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    const response = await this.fetch(`/api/v1${path}`, { method, ...json });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer: unknown = isJson && text !== '' ? JSON.parse(text) : text;
    // Also of what is left when patients and rooms are taken out.
    if (response.ok) checkAnswer(method, path, answer);
    return {
      status: response.status,
      body: answer as T,
      headers: response.headers,
    };
  }

  signIn(name: string, password: string): Promise<Answer<SessionView & { code?: string }>> {
    return this.send('POST', '/session', { name, password });
  }

  session = async (): Promise<SessionView> => (await this.send<SessionView>('GET', '/session')).body;
}

export const PASSWORD = 'drei Fliegen im Honig';

/** The first account, signed in. */
export async function firstAdmin(catalog: Catalog): Promise<Person> {
  const admin = new Person(catalog);
  const answer = await admin.send('POST', '/set-up', { name: 'chef', displayName: 'Chefin', password: PASSWORD });
  if (answer.status !== 201) throw new Error(`set-up: ${answer.status} ${JSON.stringify(answer.body)}`);
  return admin;
}

/** A program with a token. */
export async function withToken(
  catalog: Catalog,
  admin: Person,
  wanted: { name: string; roles: AccountRole[]; stations?: string[] },
): Promise<Person> {
  const { status, body } = await admin.send<{ token: string }>('POST', '/tokens', wanted);
  if (status !== 201) throw new Error(`token: ${status} ${JSON.stringify(body)}`);
  return new Person(catalog, { authorization: `Bearer ${body.token}` });
}

/** Somebody with an account of their own, signed in with a password of their own. */
export async function newPerson(
  catalog: Catalog,
  admin: Person,
  wanted: { name: string; roles: AccountRole[]; stations?: string[] },
): Promise<Person & { accountId: string }> {
  const made = await admin.send<{ oneTimePassword: string; account: { accountId: string } }>('POST', '/accounts', {
    displayName: wanted.name.toUpperCase(),
    ...wanted,
  });
  if (made.status !== 201) throw new Error(`account: ${made.status} ${JSON.stringify(made.body)}`);
  const person = new Person(catalog);
  const { oneTimePassword, account } = made.body;
  await person.signIn(wanted.name, oneTimePassword);
  const changed = await person.send('POST', '/session/password', { current: oneTimePassword, next: PASSWORD });
  if (changed.status !== 200) throw new Error(`password: ${changed.status} ${JSON.stringify(changed.body)}`);
  return Object.assign(person, { accountId: account.accountId });
}

/** A panel that was paired with a room. */
export async function pairedPanel(catalog: Catalog, admin: Person, stationId: string): Promise<Person> {
  const panel = new Person(catalog);
  const { body } = await panel.send<{ code: string }>('POST', '/panels/requests', { stationId });
  const paired = await admin.send('POST', '/panels', { code: body.code, stationId, name: `Panel ${stationId}` });
  if (paired.status !== 201) throw new Error(`panel: ${paired.status} ${JSON.stringify(paired.body)}`);
  return panel;
}
