// Sends one object of `argv[3]` payload bytes by STOW-RS to the address `argv[2]` and prints what it cost, as JSON.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DestinationsFile, type DicomwebDestinationConfig, type InstanceCreated } from '@smartbox/contracts';
import type { ObjectContent } from '../../src/application/ports.ts';
import { videoObject } from './video-object.ts';

// as it is deployed: the decorators of what it imports run from dist only
const built = new URL('../../dist/outbound/stow/stow-archive.js', import.meta.url).href;
const { StowArchive } = (await import(built)) as typeof import('../../src/outbound/stow/stow-archive.ts');

const [url, payload] = process.argv.slice(2);
const object = videoObject(Number(payload), 'large-stow', '1.2.840.10008.1.2.4.107'); // fragments end below 4 GiB
const hash = createHash('sha256').update(object.meta);
const content: ObjectContent = {
  head: object.meta,
  size: object.size,
  read: async function* () {
    for (const chunk of object.read()) {
      hash.update(chunk);
      yield chunk;
    }
  },
  again: async () => content,
};
const instance = { ...object, bytes: object.meta.length + object.size } as unknown as InstanceCreated;
const given = { name: 'web', title: 'Web', protocol: 'dicomweb', url, idleTimeoutSeconds: 60, verify: 'none' };
const { destinations } = DestinationsFile.parse({ destinations: [given] });
const archive = new StowArchive(destinations[0] as DicomwebDestinationConfig, '.');
const begun = performance.now();
const { status } = await archive.store(instance, async () => content, new AbortController().signal);
const seconds = (performance.now() - begun) / 1000;
const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
console.log(JSON.stringify({ status, bytes: instance.bytes, sha256: hash.digest('hex'), seconds, peakMb }));
