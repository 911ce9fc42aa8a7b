import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsoleAction } from '../console/keymap.ts';
import { bind, defaultBindings, isBindable, keyLabel, parseBindings, unbind } from './bindings.ts';
import { KeyPresses, LONG_PRESS_MS } from './key-presses.ts';

const key = (code: string, more = {}) => ({
  key: code,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

describe('a pedal', () => {
  let acted: ConsoleAction['do'][];
  let presses: KeyPresses;

  beforeEach(() => {
    vi.useFakeTimers();
    acted = [];
    presses = new KeyPresses(defaultBindings, (action) => acted.push(action.do));
  });
  afterEach(() => vi.useRealTimers());

  it('acts at once where it has one meaning, and once however long it is held', () => {
    presses.down(key('F13'));
    expect(acted).toEqual(['still']);
    presses.down(key('F13', { repeat: true }));
    presses.down(key('F13'));
    vi.advanceTimersByTime(5_000);
    presses.up(key('F13'));
    expect(acted).toEqual(['still']);
  });

  it('toggles the recording when tapped, saves the last minutes when held', () => {
    presses.down(key('F14'));
    expect(acted).toEqual([]);
    vi.advanceTimersByTime(LONG_PRESS_MS - 1);
    presses.up(key('F14'));
    expect(acted).toEqual(['record']);
    presses.down(key('F14'));
    vi.advanceTimersByTime(LONG_PRESS_MS);
    expect(acted).toEqual(['record', 'save']);
    presses.up(key('F14'));
    expect(acted).toEqual(['record', 'save']);
  });

  it('means nothing when the window loses the keyboard meanwhile', () => {
    presses.down(key('F14'));
    presses.cancel();
    vi.advanceTimersByTime(5_000);
    presses.up(key('F14'));
    expect(acted).toEqual([]);
  });

  it('leaves the keyboard its keys, and shortcuts to the browser', () => {
    expect(presses.down(key('KeyR', { key: 'r' }))).toBe(true);
    expect(acted).toEqual(['record']);
    expect(presses.down(key('F14', { ctrlKey: true }))).toBe(false);
    expect(presses.down(key('KeyX', { key: 'x' }))).toBe(false);
    expect(acted).toEqual(['record']);
  });
});

describe('bindings', () => {
  it('give a key one meaning, and an action one key', () => {
    const moved = bind(defaultBindings, { action: 'marker', key: 'F13', press: 'short' });
    expect(moved.find(({ action }) => action === 'still')).toBeUndefined();
    const again = bind(moved, { action: 'marker', key: 'PageUp', press: 'short' });
    expect(again.filter(({ action }) => action === 'marker')).toEqual([
      { action: 'marker', key: 'PageUp', press: 'short' },
    ]);
    expect(unbind(again, 'record').map(({ action }) => action)).toEqual(['save', 'marker']);
  });

  it('survive being stored, and what is broken falls back to the defaults', () => {
    const own = bind(defaultBindings, { action: 'marker', key: 'KeyB', press: 'long' });
    expect(parseBindings(JSON.stringify(own))).toEqual(own);
    for (const broken of [null, '', '{', '[{"action":"delete","key":"F13","press":"short"}]']) {
      expect(parseBindings(broken)).toEqual(defaultBindings);
    }
  });

  it('never take keys that walk through the page or delete', () => {
    for (const code of ['Tab', 'Enter', 'Space', 'Escape', 'Delete', 'Backspace', 'ArrowLeft', 'ShiftLeft']) {
      expect(isBindable(key(code)), code).toBe(false);
    }
    expect(isBindable(key('F14'))).toBe(true);
    expect(['KeyA', 'Digit3', 'PageUp', 'F13', 'Numpad4'].map(keyLabel)).toEqual([
      'A',
      '3',
      'Page Up',
      'F13',
      'Numpad 4',
    ]);
  });
});
