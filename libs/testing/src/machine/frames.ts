import type { Serializable } from 'node:child_process';
import { deserialize, serialize } from 'node:v8';

/** What the host tells the machine, of the process `id`. */
export type ToMachine =
  | { readonly type: 'fork'; readonly id: number; readonly module: string; readonly args: readonly string[] }
  | { readonly type: 'message'; readonly id: number; readonly content: Serializable }
  | { readonly type: 'kill'; readonly id: number };

export type FromMachine =
  /** `monotonicNs`: its CLOCK_MONOTONIC. */
  | { readonly type: 'ready'; readonly monotonicNs: bigint }
  | { readonly type: 'message'; readonly id: number; readonly content: Serializable }
  | { readonly type: 'exited'; readonly id: number; readonly how: string };

/** A message with its length before it. */
export function frame(message: ToMachine | FromMachine): Buffer {
  const body = serialize(message);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.byteLength);
  return Buffer.concat([length, body]);
}

/** The messages of a stream of bytes. */
export async function* frames<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<T> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of stream) {
    rest = Buffer.concat([rest, piece]);
    while (rest.byteLength >= 4 && rest.byteLength >= 4 + rest.readUInt32LE()) {
      const end = 4 + rest.readUInt32LE();
      yield deserialize(rest.subarray(4, end)) as T;
      rest = rest.subarray(end);
    }
  }
}
