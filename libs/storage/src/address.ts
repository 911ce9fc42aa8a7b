import { inputError } from '@smartbox/kernel';

/** Where an S3 bucket is and who we are there. */
export interface S3Address {
  host: string;
  port: number;
  tls: boolean;
  accessKey: string;
  secretKey: string;
  /** Of temporary credentials. */
  sessionToken?: string | undefined;
  bucket: string;
  region: string;
}

export interface S3Credentials {
  accessKey?: string | undefined;
  secretKey?: string | undefined;
  bucket?: string | undefined;
  region?: string | undefined;
}

/**
 * Reads `http(s)://<key>:<secret>@<host>:<port>/<bucket>?region=<region>`; what `given` names wins over the URL.
 * The bucket defaults to `smartbox`, the region to `us-east-1`.
 * @throws SmartBoxError `s3-url` (never quoting the secret).
 */
export function parseS3Url(url: string, given: S3Credentials = {}): S3Address {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw inputError('s3-url', 'the S3 address must look like http://key:secret@127.0.0.1:9000/bucket');
  }
  const tls = parsed.protocol === 'https:';
  const accessKey = given.accessKey ?? decodeURIComponent(parsed.username);
  const secretKey = given.secretKey ?? decodeURIComponent(parsed.password);
  if (accessKey === '' || secretKey === '') {
    throw inputError('s3-url', `the S3 address of ${parsed.host} names no access key and secret`);
  }
  return {
    host: parsed.hostname,
    port: parsed.port === '' ? (tls ? 443 : 80) : Number(parsed.port),
    tls,
    accessKey,
    secretKey,
    bucket: given.bucket ?? (parsed.pathname.replaceAll('/', '') || 'smartbox'),
    region: given.region ?? parsed.searchParams.get('region') ?? 'us-east-1',
  };
}
