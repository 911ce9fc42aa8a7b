import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { givePrecedence } from './precedence.ts';

it.runIf(existsSync('/proc/self/autogroup'))('holds for the whole session of a service, and for no other', () => {
  const processes = [spawn('sleep', ['30'], { detached: true }), spawn('sleep', ['30'], { detached: true })];
  try {
    const [transcoder = 0, catalog = 0] = processes.map(({ pid }) => pid ?? 0);
    givePrecedence('transcoder', transcoder);
    givePrecedence('catalog', catalog);
    const niceness = (pid: number) => Number(/nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, 'utf8'))?.[1]);
    expect(niceness(transcoder)).toBe(5);
    expect(niceness(catalog)).toBe(0);
    expect(() => givePrecedence('transcoder', 2 ** 30)).not.toThrow();
  } finally {
    for (const each of processes) each.kill('SIGKILL');
  }
});
