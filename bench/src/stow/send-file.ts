// For each line on stdin, sends the file `argv[3]` as one object to the DICOMweb server `argv[2]` through the gateway's
// own client, as it was built, and prints the seconds from connect to answer.
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Client {
  store(instance: unknown, accepted: () => Promise<unknown>, signal: AbortSignal): Promise<{ status: number }>;
}

const [url = '', file = ''] = process.argv.slice(2);
const built = join(import.meta.dirname, '../../../apps/pacs-gateway/dist/outbound/stow/stow-archive.js');
const { StowArchive } = (await import(built)) as { StowArchive: new (config: unknown, dir: string) => Client };
const client = new StowArchive(
  { name: 'bench', url, auth: { type: 'none' }, idleTimeoutSeconds: 60, parallelAssociations: 1, verify: 'none' },
  '/',
);
const bytes = statSync(file).size;
const read = () => createReadStream(file, { highWaterMark: 1 << 20 });
for await (const _ of createInterface(process.stdin)) {
  const begun = performance.now();
  const { status } = await client.store(
    { sopInstanceUid: '2.25.1', bytes, transferSyntaxUid: '1.2.840.10008.1.2.4.102' },
    async () => ({ head: Buffer.alloc(0), size: bytes, read }),
    new AbortController().signal,
  );
  if (status !== 0) throw new Error(`the server answered ${status}`);
  console.log((performance.now() - begun) / 1000);
}
