import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

interface Props {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  testId: string;
}

/** A filter that is typed: asked for when the typing has paused. */
export function SearchField({ label, placeholder, value, onChange, testId }: Props) {
  const [text, setText] = useState(value);
  const [settled] = useDebouncedValue(text, 300);
  const known = useRef(value);
  useEffect(() => {
    if (value === known.current) return;
    known.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (settled === known.current) return;
    known.current = settled;
    onChange(settled);
    // Only what was typed is sent.
  }, [settled]);
  return (
    <TextInput
      type="search"
      label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={18} aria-hidden />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      data-testid={testId}
    />
  );
}
