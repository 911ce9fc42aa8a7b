import { AsyncLocalStorage } from 'node:async_hooks';
import { readdir, readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine, SchemasContainer } from '@prisma/schema-engine-wasm';
import pg from 'pg';

/** The part of WebAssembly's interface used here: the types of Node and ES do not have it. */
const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly;
interface WebAssemblyLike {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
}

/** Holds for `src/outbound` and `dist/outbound` alike. */
const prismaDir = new URL('../../prisma/', import.meta.url);
const filters = { externalTables: [], externalEnums: [] };

/**
 * Prisma's schema engine as WebAssembly: migrations without the native engine that the CLI would download.
 * The package's own entry needs the WebAssembly ESM integration; instantiating it here works on every Node.
 */
async function loadEngine() {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const file = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const { instance } = await wasm.instantiate(await readFile(file), { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return glue.SchemaEngine;
}
let engine: ReturnType<typeof loadEngine> | undefined;

const CHAR = 18;
const TEXT = 25;

/**
 * PostgreSQL's catalogs have columns of type `"char"` (oid 18), which adapter-pg refuses and the engine wants as
 * Character: they pass the adapter as text, and their type is put right in its answer.
 */
class CatalogAwareFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  readonly #pool: pg.Pool;
  readonly #charColumns = new AsyncLocalStorage<Set<string>>();

  constructor(pool: pg.Pool) {
    const query = pool.query.bind(pool) as (config: pg.QueryConfig) => Promise<pg.QueryResult>;
    const remapped = async (config: pg.QueryConfig) => {
      const result = await query(config);
      for (const field of [result].flat().flatMap((r) => r.fields)) {
        if (field.dataTypeID !== CHAR) continue;
        field.dataTypeID = TEXT;
        this.#charColumns.getStore()?.add(field.name);
      }
      return result;
    };
    this.#pool = Object.assign(pool, { query: remapped });
  }

  async connect(): Promise<SqlDriverAdapter> {
    const adapter = await new PrismaPg(this.#pool).connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    return Object.assign(adapter, {
      // adapter-pg cuts scripts at every semicolon, also inside of function bodies. As one query a migration is also
      // applied whole or not at all.
      executeScript: async (sql: string): Promise<void> => {
        await adapter.executeRaw({ sql, args: [], argTypes: [] });
      },
      queryRaw: async (sql: SqlQuery): Promise<SqlResultSet> => {
        const chars = new Set<string>();
        const result = await this.#charColumns.run(chars, () => queryRaw(sql));
        const columnTypes = result.columnTypes.map((type, i) =>
          chars.has(result.columnNames[i] ?? '') ? ColumnTypeEnum.Character : type,
        );
        return { ...result, columnTypes };
      },
    });
  }

  connectToShadowDb(): Promise<SqlDriverAdapter> {
    return Promise.reject(new Error('no shadow database is used'));
  }
}

async function withEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  engine ??= loadEngine();
  const Engine = await engine;
  const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c TimeZone=UTC', max: 2 });
  const factory = bindMigrationAwareSqlAdapterFactory(new CatalogAwareFactory(pool));
  const schema = await datamodel();
  const opened = await Engine.new(
    { datamodels: schema.files.map((f): [string, string] => [f.path, f.content]) },
    () => undefined,
    factory,
  );
  try {
    return await work(opened);
  } finally {
    opened.free();
    await pool.end();
  }
}

async function datamodel(): Promise<SchemasContainer> {
  const path = new URL('schema.prisma', prismaDir);
  return { files: [{ path: path.pathname, content: await readFile(path, 'utf8') }] };
}

async function migrations(): Promise<MigrationList> {
  const dir = new URL('migrations/', prismaDir);
  const names = (await readdir(dir, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name);
  const migrationDirectories = await Promise.all(
    names.sort().map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(new URL(`${name}/migration.sql`, dir), 'utf8') },
      },
    })),
  );
  const lockfile = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' };
  return { baseDir: dir.pathname, lockfile, shadowDbInitScript: '', migrationDirectories };
}

/** Brings the database to the newest migration; safe to call from several processes at once. Names of those applied. */
export async function applyMigrations(databaseUrl: string): Promise<string[]> {
  const migrationsList = await migrations();
  return withEngine(
    databaseUrl,
    async (e) => (await e.applyMigrations({ migrationsList, filters })).appliedMigrationNames,
  );
}

/** SQL that would turn the (migrated) database into what schema.prisma says; empty when they agree. */
export async function driftSql(databaseUrl: string): Promise<string> {
  const schema = await datamodel();
  return withEngine(databaseUrl, async (e) => {
    const diff = await e.diff({
      from: { tag: 'schemaDatasource', ...schema, configDir: prismaDir.pathname },
      to: { tag: 'schemaDatamodel', ...schema },
      script: true,
      exitCode: null,
      filters,
    });
    return (diff.stdout ?? '').trim();
  });
}
