import { SmartBoxError } from '@smartbox/kernel';
import type { z } from 'zod';
import type { Operation } from './operations.ts';

interface Request {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
}

export interface FieldError {
  path: string;
  message: string;
}

/** @throws SmartBoxError `invalid-request` with `details.errors`: where, the offending value, and what would be right. */
export function checkInput(operation: Operation, request: Request): Request {
  const errors: FieldError[] = [];
  const check = (part: 'params' | 'query' | 'headers' | 'body', schema: z.ZodType | undefined): unknown => {
    if (!schema) return undefined;
    const given = request[part];
    const parsed = schema.safeParse(part === 'body' ? given : { ...(given as object) });
    if (parsed.success) return parsed.data;
    errors.push(...parsed.error.issues.map((issue) => fieldError(part, given, issue)));
    return undefined;
  };
  const input = {
    params: check('params', operation.params),
    query: check('query', operation.query),
    headers: check('headers', operation.headers),
    body: check('body', operation.body),
  };
  const [first] = errors;
  if (!first) return input;
  throw new SmartBoxError({
    code: 'invalid-request',
    message: errors.length === 1 ? `${first.path}: ${first.message}` : `${errors.length} fields are wrong`,
    fault: 'input',
    details: { errors },
  });
}

function fieldError(part: string, given: unknown, issue: z.core.$ZodIssue): FieldError {
  const value = issue.path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    given,
  );
  const quoted = value === undefined ? '' : `, got ${JSON.stringify(value).slice(0, 100)}`;
  return { path: [part, ...issue.path.map(String)].join('.'), message: `${issue.message}${quoted}` };
}
