/** Keys whose values never reach a log line: patient data (promises.md, Security) and secrets. */
const sensitive = new Set(
  [
    'patient',
    'patientName',
    'patientId',
    'patientBirthDate',
    'birthDate',
    'sex',
    'name.family',
    'familyName',
    'givenName',
    'accessionNumber',
    'referringPhysician',
    'performingPhysician',
    'authorization',
    'cookie',
    'setCookie',
    'token',
    'accessToken',
    'refreshToken',
    'password',
    'pass',
    'secret',
    'secretKey',
    'accessKey',
    'apiKey',
  ].map(normal),
);
/** `name` alone is a person's only inside an object that says so; elsewhere it names a thing (a service, a file). */
const personal = new Set(['birthdate', 'patientid', 'issuer', 'sex'].map(normal));

function normal(key: string): string {
  return key.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

const REDACTED = '[redacted]';

/** A copy of `value` in which patient data and secrets are replaced, at any depth up to 8. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return errorFacts(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= 8) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  const keys = Object.keys(value).map(normal);
  const person = keys.some((key) => personal.has(key));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const known = normal(key);
      if (sensitive.has(known) || (person && (known === 'name' || known === 'id'))) return [key, REDACTED];
      return [key, redact(inner, depth + 1)];
    }),
  );
}

function errorFacts(error: Error, depth: number): Record<string, unknown> {
  const facts: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack };
  for (const key of ['code', 'fault', 'retryable', 'details'] as const) {
    if (key in error) facts[key] = redact((error as unknown as Record<string, unknown>)[key], depth + 1);
  }
  if (error.cause !== undefined && depth < 4) facts['cause'] = redact(error.cause, depth + 1);
  return facts;
}
