/** The things of rooms that a request names. */
export interface Named {
  stations: ReadonlySet<string>;
  clips: ReadonlySet<string>;
  procedures: ReadonlySet<string>;
  /** SOP Instance UIDs. */
  instances: ReadonlySet<string>;
}

const kinds: Readonly<Record<string, keyof Named>> = {
  stationId: 'stations',
  clipId: 'clips',
  clipIds: 'clips',
  procedureId: 'procedures',
  uid: 'instances',
};
const DEPTH = 8;

/**
 * Every room, clip, procedure and object that stands in path, query or body, however deep: whatever an operation does
 * with them, they have to be within the caller's reach. `station` and `procedure` in the query are filters of lists,
 * which are narrowed by themselves.
 */
export function namedIn(...parts: readonly unknown[]): Named {
  const found = {
    stations: new Set<string>(),
    clips: new Set<string>(),
    procedures: new Set<string>(),
    instances: new Set<string>(),
  };
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > DEPTH) return;
    for (const [key, inner] of Object.entries(value)) {
      const kind = Array.isArray(value) ? undefined : kinds[key];
      for (const one of kind ? [inner].flat() : []) if (typeof one === 'string') found[kind as keyof Named].add(one);
      look(inner, depth + 1);
    }
  };
  for (const part of parts) look(part, 0);
  return found;
}
