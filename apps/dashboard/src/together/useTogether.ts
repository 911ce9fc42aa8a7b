import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { correction, covers, groupLength, seekTime, stepGroup } from './group-time.ts';
import type { Member } from './group-time.ts';

const SETTLE_MS = 3_000;

/** Where a video was at a moment of the page's clock. */
interface Seen {
  mediaTime: number;
  at: number;
}

/**
 * Plays several videos as one: one play head, the first one leads, the others follow it frame for frame. A member that
 * stalls stops all of them; paused, every member shows the frame of the same moment.
 */
export function useTogether(members: readonly Member[]) {
  const videos = useRef<(HTMLVideoElement | null)[]>([]);
  const seen = useRef<(Seen | undefined)[]>([]);
  const [time, setTime] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [driftMs, setDriftMs] = useState(0);
  const [speed, setSpeed] = useState(1);
  const head = useRef(0);
  const run = useRef(0);
  const length = groupLength(members);
  const leader = useMemo(() => members[0] ?? { offset: 0, length: 0, fps: 30 }, [members]);

  const show = useCallback((at: number) => {
    head.current = at;
    setTime(at);
  }, []);

  /** Every member at the frame of that moment, shown. */
  const settle = useCallback(
    async (at: number) => {
      await Promise.all(
        members.map(async (member, i) => {
          const video = videos.current[i];
          if (!video) return;
          const target = seekTime(member, at);
          if (Math.abs(video.currentTime - target) < 0.001 && !video.seeking) return;
          video.currentTime = target;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, SETTLE_MS);
            video.addEventListener('seeked', () => (clearTimeout(timer), resolve()), { once: true });
          });
        }),
      );
    },
    [members],
  );

  const pause = useCallback(async () => {
    run.current += 1;
    setPlaying(false);
    for (const video of videos.current) video?.pause();
    await settle(head.current);
    setDriftMs(0);
  }, [settle]);

  const play = useCallback(async () => {
    const mine = (run.current += 1);
    const from = head.current >= length - 1 / leader.fps ? 0 : head.current;
    show(from);
    setPlaying(true);
    await settle(from);
    if (run.current !== mine) return;
    seen.current = [];
    await Promise.all(
      members.map(async (member, i) => {
        const video = videos.current[i];
        if (!video || !covers(member, from)) return;
        video.playbackRate = speed;
        await video.play().catch(() => undefined);
      }),
    );
  }, [length, leader, members, settle, show, speed]);

  const seek = useCallback(
    async (at: number) => {
      const to = Math.min(Math.max(0, at), Math.max(0, length - 0.5 / leader.fps));
      const goOn = playing;
      run.current += 1;
      for (const video of videos.current) video?.pause();
      show(to);
      await settle(to);
      if (goOn) await play();
    },
    [length, leader, play, playing, settle, show],
  );

  const step = useCallback(
    async (by: number) => {
      if (playing) await pause();
      const to = stepGroup(leader, head.current, by, length);
      show(to);
      await settle(to);
    },
    [leader, length, pause, playing, settle, show],
  );

  useEffect(() => {
    if (!playing) return;
    const handles = members.map((_member, i) => {
      const video = videos.current[i];
      if (!video) return () => undefined;
      let handle = 0;
      const onFrame: VideoFrameRequestCallback = (at, { mediaTime }) => {
        seen.current[i] = { mediaTime, at };
        handle = video.requestVideoFrameCallback(onFrame);
      };
      handle = video.requestVideoFrameCallback(onFrame);
      return () => video.cancelVideoFrameCallback(handle);
    });
    const timer = setInterval(() => {
      const now = performance.now();
      const first = seen.current[0];
      const lead = videos.current[0];
      if (!lead) return;
      if (first && !lead.paused) show(leader.offset + first.mediaTime + ((now - first.at) / 1000) * speed);
      else if (lead.ended || !covers(leader, head.current)) show(head.current + 0.05 * speed);
      if (head.current >= length) return void pause();
      let worst = 0;
      members.forEach((member, i) => {
        const video = videos.current[i];
        if (!video || i === 0) return;
        const due = covers(member, head.current);
        if (!due) return video.pause();
        const last = seen.current[i];
        if (video.paused && !video.ended) {
          video.currentTime = seekTime(member, head.current);
          seen.current[i] = undefined;
          return void video.play().catch(() => undefined);
        }
        if (!last) return;
        const drift = member.offset + last.mediaTime + ((now - last.at) / 1000) * speed - head.current;
        worst = Math.max(worst, Math.abs(drift));
        const what = correction(drift, member.fps, speed);
        if (what.do === 'seek') video.currentTime = seekTime(member, head.current);
        video.playbackRate = what.do === 'rate' ? what.rate : speed;
      });
      setDriftMs(Math.round(worst * 1000));
    }, 50);
    return () => {
      clearInterval(timer);
      for (const stop of handles) stop();
    };
  }, [playing, members, leader, length, pause, show, speed]);

  useEffect(() => {
    for (const video of videos.current) if (video) video.playbackRate = speed;
  }, [speed]);

  /** A member without data holds the others back: they wait for it at the same moment. */
  const stalled = useCallback(async () => {
    if (!playing) return;
    run.current += 1;
    const mine = run.current;
    for (const video of videos.current) video?.pause();
    await settle(head.current);
    if (run.current === mine) await play();
  }, [play, playing, settle]);

  const attach = useCallback((i: number, video: HTMLVideoElement | null) => {
    videos.current[i] = video;
  }, []);

  const toggle = useCallback(() => (playing ? pause() : play()), [pause, play, playing]);
  return { time, length, playing, driftMs, speed, setSpeed, attach, toggle, seek, step, stalled };
}
