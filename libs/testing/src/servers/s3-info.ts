import { Client } from 'minio';
import type { ServerControl, ServerInfo } from './server.ts';

export interface S3Credentials {
  accessKey: string;
  secretKey: string;
}

/** `url` is the endpoint, `http://127.0.0.1:<port>`. */
export interface S3Server extends ServerInfo, ServerControl {
  credentials: S3Credentials;
  /** The bucket that exists from the start. */
  bucket: string;
  dataDir: string | null;
  /** Creates a bucket of one's own; nothing happens when it exists. */
  createBucket: (name: string) => Promise<void>;
}

export function s3Client(endpoint: string, credentials: S3Credentials): Client {
  const url = new URL(endpoint);
  return new Client({
    endPoint: url.hostname,
    port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    useSSL: url.protocol === 'https:',
    accessKey: credentials.accessKey,
    secretKey: credentials.secretKey,
    region: 'us-east-1',
    retryOptions: { disableRetry: true }, // it would print each one
  });
}

export async function createBucket(client: Client, name: string): Promise<void> {
  try {
    await client.makeBucket(name);
  } catch (error) {
    if (!(await client.bucketExists(name))) throw error;
  }
}
