import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  EVENTS,
  Recipe,
  StationConfig,
  commandMap,
  commandSubject,
  eventSubject,
  events,
  services,
  type CommandName,
  type EventName,
} from './index.ts';

const token = /^[a-z0-9]+(-[a-z0-9]+)*$/;

describe('the subject map', () => {
  it.each(Object.keys(events) as EventName[])('%s is <service>.<aggregate>.<fact> in kebab case', (name) => {
    const parts = name.split('.');
    expect(parts).toHaveLength(3);
    expect(services).toContain(parts[0]);
    for (const part of parts) expect(part).toMatch(token);
    expect(eventSubject(name).startsWith(EVENTS.subjects[0]?.replace('>', '') ?? '?')).toBe(true);
  });

  it.each(Object.keys(commandMap) as CommandName[])('%s is <service>.<verb>', (name) => {
    const parts = name.split('.');
    expect(parts).toHaveLength(2);
    expect(services).toContain(parts[0]);
    expect(commandSubject(name).startsWith(COMMANDS.subjects[0]?.replace('>', '') ?? '?')).toBe(true);
  });
});

describe('configuration schemas', () => {
  it('fill in what a site does not say', () => {
    const station = StationConfig.parse({
      id: 'or-1',
      name: 'OP 1',
      sources: [{ id: 'cam', name: 'Kamera', kind: 'synthetic' }],
    });
    expect(station).toMatchObject({ windowSeconds: 900, sources: [{ frameRate: 30, gopMs: 1000, encode: 'auto' }] });
  });

  it('say which field of which source is wrong', () => {
    const wrong = { id: 'or-1', name: 'OP 1', sources: [{ id: 'cam', name: 'Kamera', kind: 'rtsp' }] };
    expect(StationConfig.safeParse(wrong).error?.issues[0]).toMatchObject({ path: ['sources', 0, 'url'] });
    expect(Recipe.safeParse({ name: 'Endo Skopie' }).error?.issues[0]?.path).toEqual(['name']);
  });
});
