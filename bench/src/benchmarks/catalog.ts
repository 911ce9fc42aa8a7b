import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, repoRoot, startNats, startPostgres, startS3, until } from '@smartbox/testing';
import { median, type Benchmark } from '../pairs.ts';
import { fillClips } from '../clip-rows.ts';

const SMALL = 10_000;
const LARGE = 1_000_000;
/** Searches of one measurement. */
const SEARCHES = 300;

/** What people ask: a name, a number, a day, a room, and combinations; and what nobody is called. */
const searches: readonly string[] = [
  'q=m%C3%BCller',
  'q=m%C3%BCller%20anna',
  'q=nowak%20lina',
  'q=P-0004711',
  'q=A2026-000815',
  'q=weinstock',
  'q=li',
  'q=koloskopie%20schmidt',
  'patient=P-0001234',
  'accession=A2026-004711',
  '',
  'station=or-3&state=failed',
  'station=or-7',
  'quality=incomplete',
  'minBytes=900000000&sort=-size',
  'sort=-duration',
  'from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z',
];

/** One catalog process over a database of `rows` clips. */
async function startCatalog(rows: number, shared: Shared, report: (line: string) => void) {
  const postgres = await startPostgres({ database: 'bench' });
  const port = await freePort();
  const { nats, s3, configDir } = shared;
  const s3Url = new URL(s3.url);
  s3Url.username = s3.credentials.accessKey;
  s3Url.password = s3.credentials.secretKey;
  s3Url.pathname = `/${s3.bucket}`;
  const child: ChildProcess = spawn(process.execPath, [join(repoRoot(), 'apps/catalog/dist/main.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: postgres.url,
      CONFIG_DIR: configDir,
      NATS_URL: nats.url,
      NATS_USER: nats.credentials.user,
      NATS_PASSWORD: nats.credentials.password,
      S3_URL: s3Url.href,
      LIVE_TOKEN_SECRET: 'a secret of the benchmark',
      LOG_LEVEL: 'error',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
  await until(isUp, { timeoutMs: 60_000, what: 'the catalog answers' });
  const started = performance.now();
  await fillClips(postgres.url, rows);
  report(`  ${rows} clips in ${Math.round((performance.now() - started) / 1000)} s`);
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await postgres.stop();
    },
  };
}
interface Shared {
  nats: Awaited<ReturnType<typeof startNats>>;
  s3: Awaited<ReturnType<typeof startS3>>;
  configDir: string;
}

/** One room; the recipes are those that are shipped. */
async function writeConfig(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-bench-catalog-'));
  await mkdir(join(folder, 'stations'));
  const source = { id: 'camera', name: 'Camera', kind: 'synthetic' };
  await writeFile(join(folder, 'stations/or-1.yaml'), JSON.stringify({ id: 'or-1', name: 'OR 1', sources: [source] }));
  await symlink(join(repoRoot(), 'config/recipes'), join(folder, 'recipes'));
  return folder;
}

/** 99th percentile of the time of one search over REST, ms; `each` gets every time by its search. */
async function p99(url: string, each = new Map<string, number[]>()): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SEARCHES; i++) {
    const search = searches[i % searches.length] ?? '';
    const start = performance.now();
    const answer = await fetch(`${url}/api/v1/clips?limit=50&${search}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`a search was refused with ${answer.status}: ${text.slice(0, 200)}`);
    const took = performance.now() - start;
    times.push(took);
    each.set(search, [...(each.get(search) ?? []), took]);
  }
  return times.sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? NaN;
}

function slowest(each: ReadonlyMap<string, readonly number[]>): string {
  return [...each]
    .map(([search, times]) => ({ search, ms: median([...times]) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 4)
    .map(({ search, ms }) => `\`${decodeURIComponent(search) || 'all'}\` ${ms.toFixed(0)} ms`)
    .join(', ');
}

async function found(url: string, query: string): Promise<number> {
  const answer = (await (await fetch(`${url}/api/v1/clips?limit=50&${query}`)).json()) as { items: unknown[] };
  return answer.items.length;
}

/** The search stays as fast with a million clips as with ten thousand. */
export const catalog: Benchmark = {
  name: 'catalog',
  unit: 'ms (p99)',
  peer: 'the same searches over 10 000 clips',
  target: { atMost: 1.5 },
  async setUp(report) {
    const [nats, s3] = await Promise.all([startNats(), startS3()]);
    const configDir = await writeConfig();
    const small = await startCatalog(SMALL, { nats, s3, configDir }, report);
    const large = await startCatalog(LARGE, { nats, s3, configDir }, report);
    for (const { url } of [small, large]) {
      await p99(url);
      const counts = await Promise.all(
        ['q=nowak%20lina', 'q=gibtesnicht', 'q=weinstock'].map((query) => found(url, query)),
      );
      if (counts[0] !== 0 || counts[1] !== 0 || (counts[2] ?? 0) === 0)
        throw new Error(`wrong answers: ${counts.join()}`);
    }
    const each = new Map<string, number[]>();
    return {
      ours: () => p99(large.url, each),
      peer: () => p99(small.url),
      tearDown: async () => {
        await Promise.all([small.stop(), large.stop()]);
        await Promise.all([nats.stop(), s3.stop(), rm(configDir, { recursive: true })]);
      },
      notes: () => [
        `${SEARCHES} searches over REST, one after the other: ${searches.length} kinds (names, numbers, days, rooms, sizes, combinations, what nobody is called); two catalogs with a PostgreSQL each.`,
        'Words and numbers of six characters and more are found by their first and last six, whose lists in PostgreSQL are short: there two common words that are hardly ever together (`koloskopie schmidt`) take 6 ms, by trigrams 29, and a number whose trigrams are those of all numbers (`A2026-000815`) 0.1 ms. Words of three to five letters are found by their trigrams.',
        `The slowest with a million, in the middle: ${slowest(each)}.`,
      ],
    };
  },
};
