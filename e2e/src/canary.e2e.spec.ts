import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { services } from '@smartbox/contracts';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFromPacs, reached, ringHolds, save, smallStation, startLine, type Line } from './support.ts';

/** A name and an id that occur nowhere else. */
const NAME = 'Kanarienvogel';
const ID = 'KV-7741-CANARY';
const canaries = [NAME, NAME.toUpperCase(), ID];

let collector: Server;
/** Spans as the services export them, OTLP over HTTP. */
const traces: Buffer[] = [];
let line: Line;
let clipId: string;

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => traces.push(chunk)).on('end', () => response.end('{}'));
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env['LOG_LEVEL'] = 'debug';
  line = await startLine({ stations: [smallStation], pacs: 'test-pacs' });
  const { procedureId } = await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
  await line.api.correctProcedure(procedureId, { patient: { name: `${NAME}^Karla`, id: ID, birthDate: '19520229' } });
  await ringHolds(line, 'or-1', 4);
  clipId = await save(line, 'or-1', 4);
  await reached(line, clipId, 'sent');
  await line.api.clips({ q: NAME });
});
afterAll(async () => {
  delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  delete process.env['LOG_LEVEL'];
  await line?.stop();
  collector.close();
});

/** Which of the words are in a stream of bytes, however it is cut. */
async function singing(chunks: AsyncIterable<Buffer> | Iterable<Buffer>, words = canaries): Promise<string[]> {
  const found = new Set<string>();
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + chunk.toString('latin1');
    for (const word of words) if (text.includes(word)) found.add(word);
    rest = text.slice(-64);
  }
  return [...found];
}

async function filesWith(folder: string, words = canaries): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob('**/*', { cwd: folder })) {
    const path = join(folder, file);
    if (!(await stat(path)).isFile()) continue;
    if ((await singing(createReadStream(path) as AsyncIterable<Buffer>, words)).length > 0) found.push(file);
  }
  return found;
}

describe('a patient', () => {
  it('is named in the object in the PACS', async () => {
    const clip = await line.api.clip(clipId);
    const object = await fetchFromPacs(line, clip.instances[0]?.sopInstanceUid ?? '');
    expect(JSON.stringify(object.attributes)).toContain(NAME);
  });

  it('and in no log, at the finest level', async () => {
    // PostgreSQL and the archive are where patients are known; their logs are their own.
    const folder = join(line.stateDir, 'logs');
    expect(await filesWith(folder, [clipId])).toContain('buffer.log'); // what is there is found
    const logs = await filesWith(folder);
    expect(logs.filter((log) => services.some((service) => log.startsWith(service)))).toEqual([]);
  });

  it('and in nothing that the broker ever stored: subjects, headers, events, commands, key-value pairs', async () => {
    const folder = join(line.stateDir, 'nats');
    expect(await filesWith(folder, [clipId])).not.toEqual([]);
    expect(await filesWith(folder)).toEqual([]);
  });

  it('and in no trace and no metric', async () => {
    // Services export in batches: once the save's own spans are here, so is what came before them.
    const spans = ['write source', 'read back'];
    await until(async () => (await singing(traces, spans)).length === spans.length, {
      timeoutMs: 30_000,
      what: 'the spans of the save',
    });
    expect(await singing(traces)).toEqual([]);
    for (const service of services) {
      const metrics = await fetch(`${line.box.service(service).url}/metrics`);
      expect(metrics.status).toBe(200);
      expect(await singing([Buffer.from(await metrics.arrayBuffer())])).toEqual([]);
    }
  });

  it('and in no key and no manifest of the object store; only in DICOM objects', async () => {
    const { s3 } = line.box.servers;
    const store = new ObjectStore(parseS3Url(`${s3.url}/${s3.bucket}`, s3.credentials));
    const bad: string[] = [];
    let objects = 0;
    for await (const { key } of store.list('c')) {
      objects++;
      const inside = await singing((await store.get(key)) as AsyncIterable<Buffer>);
      if (inside.length > 0 || canaries.some((canary) => key.includes(canary))) bad.push(key);
    }
    expect(objects).toBeGreaterThan(3);
    expect(bad).toEqual([]);
  });
});
