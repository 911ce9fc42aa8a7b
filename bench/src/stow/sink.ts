// A DICOMweb server that takes whatever comes and keeps nothing: what is measured is the sender. Prints its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const stored = JSON.stringify({
  '00081199': { vr: 'SQ', Value: [{ '00081155': { vr: 'UI', Value: ['2.25.1'] } }] },
});
const server = createServer((request, response) => {
  request
    .on('data', () => undefined)
    .once('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/dicom+json' }).end(stored);
    });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
