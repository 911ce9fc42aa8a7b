// Sends one object of `argv[3]` payload bytes to the port `argv[2]` and prints what it cost, as JSON.
import { readFileSync } from 'node:fs';
import { Association, store } from '@smartbox/dimse';
import { videoObject } from './video-object.ts';

const [port, payload] = process.argv.slice(2).map(Number);
const object = videoObject(payload ?? 0, 'large', '1.2.840.10008.1.2.4.104.1');
const association = await Association.open({
  host: '127.0.0.1',
  port: port ?? 0,
  calledAeTitle: 'DISCARD',
  callingAeTitle: 'SMARTBOX',
  maxPduBytes: 262_144,
  idleTimeoutMs: 10_000,
  contexts: [{ abstractSyntax: object.sopClassUid, transferSyntaxes: [object.transferSyntaxUid] }],
});
const begun = performance.now();
const { status } = await store(association, object);
const seconds = (performance.now() - begun) / 1000;
await association.release();
const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
console.log(JSON.stringify({ status, bytes: object.size, seconds, peakMb }));
