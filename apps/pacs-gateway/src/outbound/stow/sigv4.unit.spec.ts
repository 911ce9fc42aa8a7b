import { createHash } from 'node:crypto';
import aws4 from 'aws4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_SHA256, signV4 } from './sigv4.ts';

/** As AWS publishes them: the Signature Version 4 test suite, and the IAM example of its documentation. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = new Date('2015-08-30T12:36:00Z');
const base = 'https://example.amazonaws.com';

interface Vector {
  name: string;
  method?: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  service?: string;
  signedHeaders: string;
  signature: string;
}
const plain = 'host;x-amz-date';

const vectors: Vector[] = [
  {
    name: 'get-vanilla',
    url: `${base}/`,
    signedHeaders: plain,
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    url: `${base}/?Param2=value2&Param1=value1`,
    signedHeaders: plain,
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-empty-query-key',
    url: `${base}/?Param1=value1`,
    signedHeaders: plain,
    signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  },
  {
    name: 'get-vanilla-utf8-query',
    url: `${base}/?ሴ=bar`,
    signedHeaders: plain,
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  {
    name: 'get-header-value-trim',
    url: `${base}/`,
    headers: { 'My-Header1': ' value1', 'My-Header2': ' "a   b   c"' },
    signedHeaders: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    url: `${base}/`,
    signedHeaders: plain,
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    url: `${base}/`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'Param1=value1',
    signedHeaders: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'the ListUsers example',
    url: 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    service: 'iam',
    signedHeaders: 'content-type;host;x-amz-date',
    signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
];

/** What an implementation that is not ours makes of the very same headers. */
function theirs(
  request: Parameters<typeof signV4>[0],
  body: string | undefined,
  scope: { region: string; service: string },
) {
  const { host, pathname, search } = request.url;
  const headers = { Host: host, 'X-Amz-Date': '20150830T123600Z', ...request.headers };
  const extraHeadersToIgnore = { 'content-length': true }; // it would sign one that it adds
  const path = pathname + search;
  const asked = { host, path, method: request.method, headers, ...scope, extraHeadersToIgnore };
  const signed = aws4.sign({ ...asked, ...(body === undefined ? {} : { body }) }, credentials);
  return signed.headers?.['Authorization'];
}

describe('AWS Signature Version 4', () => {
  it.each(vectors)('$name', ({ method = 'GET', url, headers = {}, body, service = 'service', ...expected }) => {
    const payloadHash = body === undefined ? EMPTY_SHA256 : createHash('sha256').update(body).digest('hex');
    const request = { method, url: new URL(url), headers, payloadHash };
    const made = signV4(request, credentials, { region: 'us-east-1', service }, now);
    const scope = `20150830/us-east-1/${service}/aws4_request`;
    expect(made).toEqual({
      'x-amz-date': '20150830T123600Z',
      Authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, SignedHeaders=${expected.signedHeaders}, Signature=${expected.signature}`,
    });
    expect(theirs(request, body, { region: 'us-east-1', service })).toBe(made['Authorization']);
  });

  it('signs the token of a session along', () => {
    const request = { method: 'GET', url: new URL(base), headers: {}, payloadHash: 'UNSIGNED-PAYLOAD' };
    const made = signV4(request, { ...credentials, sessionToken: 'T' }, { region: 'r', service: 's' }, now);
    expect(made['x-amz-security-token']).toBe('T');
    expect(made['Authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
  });

  it('is the one that an implementation of others makes, whatever path, query and headers', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((each) => each.replace(/[\p{Cc}\p{Cs}]/gu, ''));
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/).map((each) => `x-test-${each}`);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,14}[!-~])?$/);
    const anything = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      path: fc.array(
        fc.stringMatching(/^[A-Za-z0-9._~!$'()*,;=:@ -]{1,8}$/).filter((p) => !/^\.+$/.test(p)),
        { maxLength: 4 },
      ),
      query: fc.uniqueArray(
        fc.tuple(
          // the other implementation keeps a query in an object: `__proto__` is lost there
          text.filter((t) => t !== '' && !(t in {})),
          text,
        ),
        { selector: ([key]) => key, maxLength: 4 },
      ),
      headers: fc.dictionary(name, value, { maxKeys: 4 }),
      hash: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
    });
    fc.assert(
      fc.property(anything, ({ method, path, query, headers, hash }) => {
        const url = new URL(
          `https://medical-imaging.eu-central-1.amazonaws.com/${path.map(encodeURIComponent).join('/')}`,
        );
        for (const [key, each] of query) url.searchParams.append(key, each);
        const request = { method, url, headers: { ...headers, 'x-amz-content-sha256': hash }, payloadHash: hash };
        const scope = { region: 'eu-central-1', service: 'medical-imaging' };
        expect(signV4(request, credentials, scope, now)['Authorization']).toBe(theirs(request, undefined, scope));
      }),
    );
  });
});
