import type { CallerView, SessionView } from '@smartbox/contracts';
import { describe, expect, it, vi } from 'vitest';
import { may, SessionStore } from './session-store.ts';

const caller = (change: Partial<CallerView> = {}): CallerView => ({
  kind: 'person',
  actor: 'anna',
  displayName: 'Anna',
  roles: ['nurse'],
  permissions: ['clip.read'],
  stations: null,
  opened: [],
  passwordChangeNeeded: false,
  hasPassword: true,
  ...change,
});
const view = (who?: CallerView): SessionView => ({
  access: 'accounts',
  signIn: { password: true },
  ...(who && { caller: who }),
});

function store(answers: (SessionView | 'away')[]) {
  const leave = vi.fn();
  const ask = () => {
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next === 'away' ? Promise.reject(new Error('away')) : Promise.resolve(next);
  };
  return { store: new SessionStore(ask, leave), leave };
}
/** `done` once what waits has gone on. */
const outcome = (waiting: Promise<void>): Promise<string> =>
  Promise.race([waiting.then(() => 'done'), new Promise<string>((resolve) => setImmediate(() => resolve('waiting')))]);

describe('who is signed in', () => {
  it('is not known while the server is away, and what was known stays', async () => {
    const { store: session } = store(['away', view(caller()), 'away']);
    await session.refresh();
    expect(session.get()).toEqual({ view: undefined, unreachable: true, ended: false });
    await session.refresh();
    await session.refresh();
    expect(session.get()).toEqual({ view: view(caller()), unreachable: false, ended: false });
  });

  it('an answer that is none of ours is no answer', async () => {
    const { store: session } = store([{ access: 'everybody' } as unknown as SessionView]);
    await session.refresh();
    expect(session.get().view).toBeUndefined();
  });

  it('a person whose session has ended is asked to come back, and what they wanted goes on then', async () => {
    const { store: session, leave } = store([view(caller()), view()]);
    await session.refresh();
    const first = session.again();
    const second = session.again();
    expect(await outcome(first)).toBe('waiting');
    expect(session.get()).toMatchObject({ ended: true, view: view(caller()) });
    session.accept(view(caller({ permissions: [] })));
    expect(await Promise.all([outcome(first), outcome(second)])).toEqual(['done', 'done']);
    expect(session.get()).toMatchObject({ ended: false, view: view(caller({ permissions: [] })) });
    expect(leave).not.toHaveBeenCalled();
  });

  it('somebody else begins anew, and does nothing of what the other wanted', async () => {
    const { store: session, leave } = store([view(caller()), view()]);
    await session.refresh();
    const waiting = session.again();
    await outcome(waiting);
    session.accept(view(caller({ actor: 'otto' })));
    expect(leave).toHaveBeenCalledOnce();
    expect(await outcome(waiting)).toBe('waiting');
    expect(session.get().view?.caller?.actor).toBe('anna');
  });

  it('a panel that was revoked, and the machine once there are accounts, simply stand at the door', async () => {
    for (const kind of ['panel', 'local', 'token'] as const) {
      const { store: session } = store([view(caller({ kind, actor: kind })), view()]);
      await session.refresh();
      const waiting = session.again();
      await outcome(waiting);
      expect(session.get()).toEqual({ view: view(), unreachable: false, ended: false });
      session.accept(view(caller()));
      expect(await outcome(waiting)).toBe('waiting');
    }
  });

  it('tells its listeners of changes only', async () => {
    const { store: session } = store([view(caller())]);
    const told = vi.fn();
    const stop = session.subscribe(told);
    await session.refresh();
    await session.refresh();
    expect(told).toHaveBeenCalledOnce();
    stop();
    session.accept(view());
    expect(told).toHaveBeenCalledOnce();
  });
});

it('what is not known is not hidden: the server decides', () => {
  expect(may(undefined, 'clip.edit')).toBe(true);
  expect(may(caller(), 'clip.read')).toBe(true);
  expect(may(caller(), 'clip.edit')).toBe(false);
});
