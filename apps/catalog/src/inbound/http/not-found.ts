import { inputError } from '@smartbox/kernel';

/** @throws SmartBoxError `<what>-not-found` where the value is absent. */
export function found<T>(value: T | undefined, what: string, id: string): T {
  if (value !== undefined) return value;
  throw inputError(`${what}-not-found`, `there is no ${what} ${JSON.stringify(id)}`);
}
