import { describe, expect, it } from 'vitest';
import { choose, type Offer } from './accept.ts';

const video: Offer[] = [
  { media: 'video/mp4', single: true, multipart: true },
  { media: 'application/octet-stream', single: true, multipart: true },
];
const study: Offer[] = [{ media: 'application/dicom', single: false, multipart: true }];

describe('an Accept header', () => {
  it.each([
    [undefined, 'video/mp4', true],
    ['', 'video/mp4', true],
    ['*/*', 'video/mp4', true],
    ['video/mp4', 'video/mp4', false],
    ['video/*', 'video/mp4', false],
    ['VIDEO/MP4', 'video/mp4', false],
    ['multipart/related; type="video/mp4"', 'video/mp4', true],
    ['multipart/related;type=application/octet-stream', 'application/octet-stream', true],
    ['multipart/related; type="*/*"', 'video/mp4', true],
    ['multipart/related', 'video/mp4', true],
    ['image/jpeg, application/octet-stream;q=0.5', 'application/octet-stream', false],
    ['video/mp4;q=0.1, application/octet-stream;q=0.9', 'application/octet-stream', false],
    ['video/mp4;q=0, */*;q=0.1', 'video/mp4', true],
  ])('%s gets %s, in parts: %s', (accept, media, multipart) => {
    expect(choose(accept, video)).toMatchObject({ media, multipart });
  });

  it.each(['image/jpeg', 'multipart/related; type="image/jpeg"', 'video/mp4;q=0', 'nonsense', ';;,,'])(
    '%s gets nothing',
    (accept) => {
      expect(choose(accept, video)).toBeUndefined();
    },
  );

  it('names a transfer syntax, also inside quotes and beside commas', () => {
    const wanted = 'text/plain, multipart/related; type="application/dicom"; transfer-syntax="1.2.840.10008.1.2.4.102"';
    expect(choose(wanted, study)?.transferSyntax).toBe('1.2.840.10008.1.2.4.102');
    expect(
      choose('multipart/related; type="application/dicom"; transfer-syntax=*', study)?.transferSyntax,
    ).toBeUndefined();
    expect(choose('application/dicom', study)).toBeUndefined(); // several objects do not fit into one
  });
});
