import type { ComponentType } from 'react';
import classes from './Editor.module.css';

interface Props {
  text: string;
  testId: string;
  /** As `aria-keyshortcuts` writes it. */
  keys: string;
  act: () => void;
  icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>;
  disabled?: boolean;
  main?: boolean;
  /** Only the icon is seen. */
  small?: boolean;
}

/** What is done at the playhead; as large as a finger. */
export function ActButton({ text, testId, keys, act, icon: Icon, disabled = false, main = false, small }: Props) {
  return (
    <button
      type="button"
      className={classes.act}
      onClick={act}
      disabled={disabled}
      data-main={main}
      data-testid={testId}
      aria-keyshortcuts={keys}
      title={`${text} (${keys})`}
      {...(small ? { 'aria-label': text } : {})}
    >
      <Icon size={22} aria-hidden />
      {small ? null : <span>{text}</span>}
    </button>
  );
}
