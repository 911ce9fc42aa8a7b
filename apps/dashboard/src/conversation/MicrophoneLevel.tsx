import { useEffect, useRef } from 'react';
import type { Conversation } from './conversation.ts';
import classes from './TalkButton.module.css';

const LOOK_MS = 80;

/** How loud the own microphone is: a bar that moves is a microphone that works. */
export function MicrophoneLevel({ conversation }: { conversation: Conversation }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      void conversation.level().then((level) => {
        if (bar.current) bar.current.style.transform = `scaleX(${level.toFixed(2)})`;
      });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [conversation]);
  return (
    <span className={classes.level} aria-hidden>
      <span ref={bar} data-testid="microphone-level" />
    </span>
  );
}
