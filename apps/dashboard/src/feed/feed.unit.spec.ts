import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clip, freeStation, procedure, station } from '../../test/fixture-data.ts';
import { FeedConnection, REOPEN_MS } from './connection.ts';
import type { EventStream } from './connection.ts';
import { applyProcedure, byName, insertClip, replaceClip, upsertClip, upsertStation } from './reduce.ts';

describe('feed reducer', () => {
  it('replaces rooms and keeps them in order', () => {
    const b = station({ stationId: 'or-2', name: 'OP 2' });
    const rooms = upsertStation([b], station());
    expect(rooms.map((s) => s.name)).toEqual(['OP 1', 'OP 2']);
    const changed = upsertStation(rooms, { ...b, online: false });
    expect(changed.map((s) => s.online)).toEqual([true, false]);
    const many = ['OP 10', 'OP 2', 'Endoskopie 1', 'OP 1'].map((name, n) => station({ stationId: `or-${n}`, name }));
    expect(many.toSorted(byName).map(({ name }) => name)).toEqual(['Endoskopie 1', 'OP 1', 'OP 2', 'OP 10']);
  });

  it('starts and ends a procedure in its own room only', () => {
    const free = freeStation();
    expect(applyProcedure(free, procedure).procedure?.procedureId).toBe(procedure.procedureId);
    const other = { ...procedure, stationId: 'or-9' };
    expect(applyProcedure(free, other)).toBe(free);
    const ended = { ...procedure, endedAt: procedure.startedAt };
    const after = applyProcedure(station(), ended);
    expect(after).not.toHaveProperty('procedure');
    expect(after.procedureId).toBeNull();
  });

  it('a late end of the patient before never clears the room of the present one', () => {
    const before = { ...procedure, procedureId: '01JD0000000000000000000099', endedAt: procedure.startedAt };
    expect(applyProcedure(station(), before).procedure?.procedureId).toBe(procedure.procedureId);
  });

  it('keeps clips newest first; the answer to a request never overtakes the feed', () => {
    const [newer, older] = [clip(1, { state: 'sent' }), clip(2)];
    const list = upsertClip([older], newer);
    expect(list.map((c) => c.clipId)).toEqual([newer.clipId, older.clipId]);
    expect(insertClip(list, { ...newer, state: 'requested' })[0]?.state).toBe('sent');
    expect(upsertClip(list, { ...newer, state: 'archived' })[0]?.state).toBe('archived');
  });

  it('leaves pages alone that do not hold the clip', () => {
    const page = { items: [clip(1)], total: 7 };
    expect(replaceClip(page, clip(9))).toBe(page);
    expect(replaceClip(page, { ...clip(1), state: 'failed' })).toMatchObject({
      total: 7,
      items: [{ state: 'failed' }],
    });
  });
});

class FakeStream implements EventStream {
  closed = false;
  #listeners = new Map<string, ((event: { data?: unknown }) => void)[]>();
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  emit(type: string, data?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }
  close(): void {
    this.closed = true;
  }
}

describe('feed connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const heartbeat = JSON.stringify({ kind: 'heartbeat', at: '2026-11-23T10:00:00Z' });

  function connect() {
    const streams: FakeStream[] = [];
    const messages: unknown[] = [];
    const feed = new FeedConnection({
      open: () => {
        const stream = new FakeStream();
        streams.push(stream);
        return stream;
      },
      onOpen: () => undefined,
      onMessage: (message) => messages.push(message),
    });
    feed.start();
    return { feed, streams, messages };
  }

  it('says lost within two seconds of silence, opens anew, and says ok with the next word', () => {
    const { feed, streams } = connect();
    const seen: string[] = [];
    feed.subscribe(() => seen.push(feed.health().status));
    streams[0]?.emit('heartbeat', heartbeat);
    expect(feed.health().status).toBe('ok');
    vi.advanceTimersByTime(1_500);
    expect(feed.health().status).toBe('ok');
    vi.advanceTimersByTime(500);
    expect(feed.health().status).toBe('lost');
    vi.advanceTimersByTime(REOPEN_MS);
    expect(streams).toHaveLength(2);
    expect(streams[0]?.closed).toBe(true);
    streams[0]?.emit('heartbeat', heartbeat);
    expect(feed.health().status).toBe('lost');
    streams[1]?.emit('heartbeat', heartbeat);
    expect(feed.health().status).toBe('ok');
    expect(seen).toEqual(['ok', 'lost', 'ok']);
    feed.stop();
  });

  it('passes on what it is told of an edit, and drops what does not fit', () => {
    const { feed, streams, messages } = connect();
    const id = '01JD0000000000000000000001';
    const told = {
      kind: 'edit',
      edit: {
        renditionId: id,
        clipId: id,
        sourceId: 'cam-1',
        state: 'running',
        percent: 12,
        requestedAt: '2026-11-23T10:00:00.000Z',
        notes: [],
        sources: [{ clipId: id, sourceId: 'cam-1', frames: 120 }],
        steps: [],
      },
    };
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    streams[0]?.emit('edit', JSON.stringify(told));
    streams[0]?.emit('edit', JSON.stringify({ ...told, edit: { ...told.edit, percent: 'much' } }));
    expect(messages).toEqual([told]);
    expect(warn).toHaveBeenCalledWith(expect.any(String), 'edit.percent');
    warn.mockRestore();
    feed.stop();
  });

  it('says lost when the server never answers at all', () => {
    const { feed } = connect();
    vi.advanceTimersByTime(2_000);
    expect(feed.health().status).toBe('lost');
    feed.stop();
  });

  it('drops what does not fit and never prints patient data', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { feed, streams, messages } = connect();
    streams[0]?.emit('clip', JSON.stringify({ kind: 'clip', clip: { ...clip(1), bytes: 'Müller^Anna' } }));
    streams[0]?.emit('clip', 'not json');
    streams[0]?.emit('clip', JSON.stringify({ kind: 'clip', clip: clip(1) }));
    expect(messages).toHaveLength(1);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('Müller');
    expect(warn).toHaveBeenCalledTimes(2);
    feed.stop();
    warn.mockRestore();
  });
});
