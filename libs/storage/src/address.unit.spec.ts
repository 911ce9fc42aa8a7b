import { describe, expect, it } from 'vitest';
import { parseS3Url } from './address.ts';

describe('the S3 address', () => {
  it('reads everything from one URL', () => {
    expect(parseS3Url('http://key:se%2Fcret@127.0.0.1:9000/videos?region=eu-1')).toEqual({
      host: '127.0.0.1',
      port: 9000,
      tls: false,
      accessKey: 'key',
      secretKey: 'se/cret',
      bucket: 'videos',
      region: 'eu-1',
    });
  });

  it('lets given credentials win and fills the defaults', () => {
    const address = parseS3Url('https://s3.hospital.example', { accessKey: 'a', secretKey: 'b' });
    expect(address).toMatchObject({ port: 443, tls: true, bucket: 'smartbox', region: 'us-east-1', accessKey: 'a' });
  });

  it.each(['s3.hospital.example', 'ftp://a:b@host', ''])('refuses %s without quoting it', (url) => {
    expect(() => parseS3Url(url)).toThrow(/must look like/);
  });

  it('refuses an address without credentials', () => {
    expect(() => parseS3Url('http://127.0.0.1:9000/b')).toThrow(/no access key/);
  });
});
