import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { brokerUserOf, brokerUsers, DestinationsFile, services, StationConfig } from '@smartbox/contracts';
import { embeddedBinary, repoRoot } from '@smartbox/testing';

const run = promisify(execFile);
const root = repoRoot();
const read = (...path: string[]): Promise<string> => readFile(join(root, ...path), 'utf8');

interface ComposeService {
  image?: string;
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, unknown> | string[];
}
interface Compose {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
}

/** As Compose substitutes it: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
const substitute = (text: string, env: Record<string, string>): string =>
  text.replace(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest?: string) => {
    const value = env[name] ?? '';
    if (value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return kind === '-' ? (rest ?? '') : '';
  });

describe('docker-compose.yml', () => {
  let text: string;
  let compose: Compose;
  let example: Record<string, string>;
  let configDir: string;
  beforeAll(async () => {
    text = await read('docker-compose.yml');
    example = Object.fromEntries(
      [...(await read('deploy', '.env.example')).matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        value === '' ? '0123456789abcdef0123456789abcdef' : value,
      ]),
    );
    compose = parse(substitute(text, example), { merge: true }) as Compose;
    configDir = await mkdtemp(join(tmpdir(), 'smartbox-compose-'));
    await cp(join(root, 'deploy', 'config'), configDir, { recursive: true });
    await cp(join(root, 'config', 'recipes'), join(configDir, 'recipes'), { recursive: true });
  });
  afterAll(() => rm(configDir, { recursive: true, force: true }));

  it('runs every service of the line, each under its own name', () => {
    const named = Object.values(compose.services).flatMap(({ environment }) => environment?.['SERVICE'] ?? []);
    expect(named.sort()).toEqual([...services].sort());
  });

  it('publishes on loopback only', () => {
    const published = Object.values(compose.services).flatMap(({ ports }) => ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('holds no secret, and each variable it asks for stands in .env.example', () => {
    const asked = [...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name);
    expect([...new Set(asked)].sort()).toEqual(Object.keys(example).sort());
    for (const [, name, value] of text.matchAll(/^\s+(\w*(?:PASSWORD|SECRET)\w*): (.+)$/gm)) {
      expect(value, name).toMatch(/^(?:\$\{|'"\$\{)/);
    }
  });

  it('names only what exists: dependencies, volumes, files', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      const needs = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {});
      for (const need of needs) expect(Object.keys(compose.services), name).toContain(need);
      for (const [source = ''] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
        if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true);
        else expect(Object.keys(compose.volumes), name).toContain(source);
      }
    }
  });

  it('mounts nothing into a read-only folder that has no place for it', () => {
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      const mounts = volumes.map((volume) => volume.split(':'));
      for (const [source = '', target = '', mode] of mounts) {
        const inner = mounts.flatMap(([, other = '']) => (other.startsWith(`${target}/`) ? [other] : []));
        if (mode === 'ro') for (const place of inner) expect(existsSync(join(root, source, place.slice(target.length))), `${name}: ${place}`).toBe(true); // prettier-ignore
      }
    }
  });

  it.each(services)(
    'gives %s an environment that its own configuration takes, and nothing that it does not know',
    async (name) => {
      const environment = Object.fromEntries(
        Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [
          key,
          String(value).replace(/^\/config/, configDir),
        ]),
      );
      const config = join(root, 'apps', name, 'src', 'config.ts');
      const script = `const m = await import(process.argv[1]); (m.readConfig ?? m.loadConfig)?.();`; // some read it on import
      await run(process.execPath, ['--conditions=@smartbox/source', '--input-type=module', '-e', script, config], {
        cwd: configDir,
        env: { PATH: process.env['PATH'], HOST: '0.0.0.0', PORT: '8080', ...environment },
      });

      const source = await readFile(config, 'utf8');
      const shared = await read('libs', 'contracts', 'src', 'environment.ts');
      const telemetry = await read('libs', 'telemetry', 'src', 'tracing.ts');
      for (const variable of Object.keys(environment)) {
        if (variable === 'SERVICE') continue; // read by the image's command
        const group = [...shared.matchAll(/export const (\w+) = \{([^]*?)\n?\};?\n/g)].find(([, , body]) =>
          new RegExp(`\\b${variable}:`).test(body ?? ''),
        )?.[1];
        const known =
          new RegExp(`\\b${variable}:`).test(source) ||
          (group !== undefined && source.includes(group)) ||
          telemetry.includes(`'${variable}'`);
        expect(known, `${name} reads no ${variable}`).toBe(true);
      }
    },
  );

  it('ships a room and destinations that the contracts accept', async () => {
    StationConfig.parse(parse(await read('deploy', 'config', 'stations', 'or-1.yaml')));
    const { destinations, worklist } = DestinationsFile.parse(
      parse(await read('deploy', 'config', 'destinations.yaml')),
    );
    for (const { host } of [...destinations, ...(worklist ? [worklist] : [])]) {
      expect(Object.keys(compose.services)).toContain(host);
    }
  });

  it('ships a broker configuration that nats-server accepts', async () => {
    const nats = await embeddedBinary('nats-server');
    await run(nats, ['-t', '-c', join(root, 'deploy', 'nats', 'nats.conf')], {
      env: { PATH: process.env['PATH'], ...compose.services['nats']?.environment },
    });
  });

  it('signs every service in as the broker’s user with its rights, by a password that no other one has', async () => {
    const config = await read('deploy', 'nats', 'generated', 'users.conf');
    const users = [...config.matchAll(/user: "([^"]+)", password: \$(\w+)/g)].map(([, user = '', variable = '']) => [user, variable]); // prettier-ignore
    expect(users.map(([user]) => user)).toEqual(brokerUsers(['or-1']).map(({ user }) => user));
    const raw = parse(text, { merge: true }) as Compose;
    for (const service of services) {
      const user = brokerUserOf(service, 'or-1');
      const variable = new Map(users.map(([name, of]) => [name, of])).get(user);
      const { NATS_USER, NATS_PASSWORD } = raw.services[service]?.environment ?? {};
      expect([NATS_USER, NATS_PASSWORD], service).toEqual([user, expect.stringContaining(`{${variable}:?`)]);
      expect(raw.services['nats']?.environment?.[variable ?? '']).toBe(`"${NATS_PASSWORD}"`);
    }
    expect(new Set(users.map(([, variable]) => variable)).size).toBe(users.length);
  });
});
