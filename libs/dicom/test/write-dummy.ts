// Child of the memory spec: streams a dummy payload through the writer into nothing and reports the peak memory.
import { createPart10, part10Stream, SopClassUid, TransferSyntaxUid } from '../src/index.ts';
import { sampleDataset } from './sample-objects.ts';

const length = Number(process.argv[2]);
const syntax = TransferSyntaxUid.hevcMain51;

function* dummy(): Generator<Uint8Array> {
  const chunk = Buffer.alloc(4 << 20, 0x5a);
  for (let left = length; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
}

const part10 = createPart10(sampleDataset(SopClassUid.videoEndoscopic, syntax), syntax, length);
let written = 0;
for await (const chunk of part10Stream(part10, dummy())) written += chunk.length;
const { maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    written,
    totalLength: part10.totalLength,
    fragments: part10.fragments.length,
    maxRssMb: maxRSS / 1024,
  }),
);
