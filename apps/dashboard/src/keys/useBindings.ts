import { useLocalStorage } from '@mantine/hooks';
import { useMemo } from 'react';
import { parseBindings } from './bindings.ts';
import type { Binding } from './bindings.ts';

/** The bindings of this browser for a room: a pedal belongs to the panel that it is plugged into. */
export function useBindings(stationId: string): [readonly Binding[], (bindings: readonly Binding[]) => void] {
  const [stored, setStored] = useLocalStorage<string | null>({
    key: `smartbox.keys.${stationId}`,
    defaultValue: null,
    getInitialValueInEffect: false,
    serialize: (value) => value ?? '',
    deserialize: (value) => (value === undefined || value === '' ? null : value),
  });
  const bindings = useMemo(() => parseBindings(stored), [stored]);
  return [bindings, (next) => setStored(JSON.stringify(next))];
}
