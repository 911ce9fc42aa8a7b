import { buckets, StationConversation, type ConversationRight } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { KvStore } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VoiceProcess } from '../src/outbound/voice-process.ts';
import { startBrowser } from './browser.ts';
import { startService, talkToken, token, tellings, type Service } from './service.ts';
import { MICROPHONE, Talker } from './talk.ts';

describe('a conversation between a room and desks', () => {
  let service: Service;
  let other: Service;
  let browser: Browser;
  let rooms: KvStore<StationConversation>;
  const procedureId = newId();

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1' });
    other = await startService({ MAX_WORKERS: '1' }, { beside: service });
    rooms = await service.edge.kv(buckets.procedures.name, StationConversation, { history: 1 });
    browser = await startBrowser(MICROPHONE);
  });
  afterAll(async () => {
    await browser?.close();
    await other?.close();
    await service?.close();
  });

  const set = (open: boolean, stationId = 'or-1') =>
    rooms.put(`conversation.${stationId}`, { stationId, procedureId: open ? procedureId : null });
  const url = (of: Service, station = 'or-1') => `${of.url}/conversation/${station}`;
  const join = (side: 'room' | 'desk', rights?: ConversationRight[], at = service) =>
    Talker.join(browser, at.url, url(at), talkToken(side, rights));
  const post = (bearer: string, body = 'v=0', station = 'or-1') =>
    fetch(url(service, station), {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/sdp' },
    });
  const problem = async (response: Response) =>
    `${response.status} ${((await response.json()) as { code: string }).code}`;
  /** Something is said that can be heard: energy that was not there before. */
  const hears = async (who: Talker) => {
    const before = await who.heard();
    await until(async () => (await who.heard()).energy > before.energy + 0.001, { what: 'a voice' });
  };
  /** No packet comes while others do something that takes a second; what was on its way before comes first. */
  const hearsNothing = async (who: Talker, meanwhile: () => Promise<void>) => {
    await meanwhile();
    const before = await who.heard();
    await meanwhile();
    expect((await who.heard()).packets).toBe(before.packets);
  };

  it('is not there until the room has switched it on', async () => {
    expect(await problem(await post(talkToken('desk')))).toBe('409 conversation-closed');
    await set(true);
    await until(async () => (await problem(await post(talkToken('desk')))) === '400 invalid-offer');
    expect(await problem(await post(talkToken('desk'), 'v=0', 'or-2'))).toBe('403 live-token-other-stream');
    expect(await problem(await post(token()))).toBe('403 live-token-other-use');
    expect(await problem(await post('x.y.z'))).toBe('401 live-token-invalid');
    const watching = await fetch(`${service.url}/whep/or-1/scope`, {
      method: 'POST',
      body: 'v=0',
      headers: { authorization: `Bearer ${talkToken('desk')}`, 'content-type': 'application/sdp' },
    });
    expect(watching.status).toBe(403);
  });

  it('carries a voice to the others while somebody speaks, and nothing otherwise', async () => {
    const [room, desk, listener] = [await join('room'), await join('desk'), await join('desk')];
    await until(async () => (await room.people()).length === 3);
    expect(await room.me()).toMatchObject({ name: 'room of the spec', side: 'room', colour: 0 });
    expect((await desk.me()).colour).not.toBe((await listener.me()).colour);
    // A microphone that is open is not yet somebody who speaks.
    await hearsNothing(room, async () => {
      await desk.microphone(true);
      const sent = await desk.page.evaluate(sentPackets);
      await until(async () => (await desk.page.evaluate(sentPackets)) > sent + 40);
    });
    await desk.say({ t: 'speak', on: true });
    await Promise.all([hears(room), hears(listener)]);
    expect((await desk.heard()).packets).toBe(0);
    await until(async () => (await room.people()).some(({ speaking, side }) => speaking && side === 'desk'));
    // The room answers while the desk speaks: both are heard at the third place.
    await room.speak(true);
    await Promise.all([hears(desk), hears(listener)]);
    await desk.speak(false);
    await until(async () => !(await room.people()).some(({ speaking, side }) => speaking && side === 'desk'));
    await hearsNothing(room, () => hears(desk));
    await room.speak(false);
    for (const one of [room, desk, listener]) await one.leave();
  }, 60_000);

  it('lets nobody speak without the right to, whatever is sent', async () => {
    const [room, pointing] = [await join('room'), await join('desk', ['draw'])];
    await pointing.speak(true);
    await until(async () => (await pointing.refusals()).includes('speak no-right'));
    // The answer takes no voice at all.
    expect(pointing.answer).not.toMatch(/a=(sendrecv|recvonly)/);
    const silent = await join('desk', ['speak']);
    await silent.say({ t: 'line', source: 'scope', line: 0, places: [[0.1, 0.1]] });
    await until(async () => (await silent.refusals()).includes('draw no-right'));
    expect(await room.drawn()).toEqual([]);
    expect((await room.heard()).packets).toBe(0);
    for (const one of [room, pointing, silent]) await one.leave();
  }, 60_000);

  it('shows a line and a pointer at the same place within a moment; the room takes all away', async () => {
    const [room, desk] = [await join('room'), await join('desk')];
    const places = Array.from({ length: 12 }, (_, i): [number, number] => [0.1 + i * 0.05, 0.5 - i * 0.01]);
    const drawnAt = Date.now();
    await desk.say({ t: 'point', source: 'scope', at: [0.25, 0.75] });
    await desk.say({ t: 'line', source: 'scope', line: 7, places });
    const seen = await until(async () => {
      const all = await room.drawn();
      return all.length === 2 && all;
    });
    const me = await desk.me();
    expect(seen.map(({ personId, colour, drawing }) => ({ personId, colour, drawing }))).toEqual([
      { personId: me.personId, colour: me.colour, drawing: { t: 'point', source: 'scope', at: [0.25, 0.75] } },
      { personId: me.personId, colour: me.colour, drawing: { t: 'line', source: 'scope', line: 7, places } },
    ]);
    console.log(`a line is at the others after ${(seen[1]?.at ?? 0) - drawnAt} ms`);
    expect((await room.people()).find(({ personId }) => personId === me.personId)?.drawing).toBe(true);
    await desk.say({ t: 'clear', all: true });
    await until(async () => (await desk.refusals()).includes('draw room-only'));
    await room.say({ t: 'clear', all: true });
    await until(async () => (await desk.drawn()).at(-1)?.drawing.t === 'clear');
    // What is no drawing goes nowhere.
    const before = (await room.drawn()).length;
    for (const at of [[0.5, 1.5], [0.5], 'x']) await desk.say({ t: 'point', source: 'scope', at } as never);
    await desk.say({ t: 'point', source: 'scope', at: null });
    await until(async () => (await room.drawn()).length > before);
    expect((await room.drawn()).at(-1)?.drawing).toEqual({ t: 'point', source: 'scope', at: null });
    // The drawing is over a while after the last stroke.
    await until(async () => !(await room.people()).some(({ drawing }) => drawing), { timeoutMs: 15_000 });
    for (const one of [room, desk]) await one.leave();
  }, 60_000);

  it('is one conversation over two instances of the service', async () => {
    const [room, desk] = [await join('room'), await join('desk', undefined, other)];
    for (const one of [room, desk]) await until(async () => (await one.people()).length === 2);
    await desk.speak(true);
    await hears(room);
    await desk.say({ t: 'line', source: 'scope', line: 0, places: [[0.5, 0.5]] });
    await until(async () => (await room.drawn()).length > 0);
    await desk.leave();
    await until(async () => (await room.people()).length === 1);
    await room.leave();
  }, 60_000);

  it('forgets who is gone without a word, and goes on after its worker was killed', async () => {
    const [room, desk] = [await join('room'), await join('desk')];
    await until(async () => (await room.people()).length === 2);
    // The page does not answer any more.
    await desk.page.evaluate(() => clearInterval((globalThis as unknown as { beat: number }).beat));
    await until(async () => (await room.people()).length === 1, { timeoutMs: 20_000, what: 'the silent one is gone' });
    process.kill(service.app.get(VoiceProcess).pid ?? 0, 'SIGKILL');
    const again = await until(async () => {
      const one = await join('desk');
      return one.status === 201 && one;
    });
    expect((await again.me()).side).toBe('desk');
    for (const one of [room, desk, again]) await one.leave();
  }, 60_000);

  it('ends for everybody when the room switches it off', async () => {
    const [room, desk] = [await join('room'), await join('desk')];
    await desk.speak(true);
    await hears(room);
    await set(false);
    for (const one of [room, desk]) await until(async () => (await one.state()).closed);
    expect(await problem(await post(talkToken('desk')))).toBe('409 conversation-closed');
    expect(await service.metric('smartbox_conversation_people')).toBe(0);
    for (const one of [room, desk]) await one.leave();
  }, 60_000);

  it('is told: who took part, spoke and drew, when, and nothing of what', async () => {
    const told = await until(async () => {
      const events = await tellings(service.edge);
      const of = (name: string) => events.filter((event) => event.name === `streaming.${name}`);
      const balanced = of('conversation.joined').length === of('conversation.left').length;
      return balanced && of('speech.began').length === of('speech.ended').length && events;
    });
    expect(new Set(told.map(({ name }) => name))).toEqual(
      new Set([
        'streaming.conversation.joined',
        'streaming.conversation.left',
        'streaming.speech.began',
        'streaming.speech.ended',
        'streaming.drawing.began',
        'streaming.drawing.ended',
      ]),
    );
    const spoken = told.find(({ name }) => name === 'streaming.speech.ended');
    expect(spoken?.data).toMatchObject({ stationId: 'or-1', procedureId, who: 'dr-a', name: 'desk of the spec' });
    expect(spoken?.data['durationMs']).toBeGreaterThan(100);
    expect(JSON.stringify(told)).not.toMatch(/places|rtp/);
  });
});

/** Runs in the page. */
async function sentPackets(): Promise<number> {
  const { peer } = globalThis as unknown as { peer: RTCPeerConnection };
  const all = [...(await peer.getStats()).values()] as { type: string; packetsSent?: number }[];
  return all.find(({ type }) => type === 'outbound-rtp')?.packetsSent ?? 0;
}
