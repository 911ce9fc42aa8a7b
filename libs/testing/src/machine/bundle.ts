import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../repo.ts';

/** Modules with native parts, taken from `node_modules` as they are. */
const NATIVE = ['koffi', 'node-datachannel'];

/**
 * Makes a file of each module with all that it imports: a machine that translates its instructions loads one such file
 * several times as fast as hundreds of small ones.
 * @param modules names and files of the checkout. @returns the files by name, in `dir`.
 */
export async function bundleModules<N extends string>(
  dir: string,
  modules: Readonly<Record<N, string>>,
): Promise<Record<N, string>> {
  const { build } = await import('vite');
  const root = repoRoot();
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  const names = Object.keys(modules) as N[];
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@smartbox/source'] },
    ssr: { noExternal: true, external: NATIVE, resolve: { conditions: ['@smartbox/source', 'node'] } },
    build: {
      ssr: true,
      outDir: dir,
      emptyOutDir: false,
      target: 'node24',
      rolldownOptions: { input: Object.fromEntries(names.map((name) => [name, join(root, modules[name])])) },
    },
  });
  return Object.fromEntries(names.map((name) => [name, join(dir, `${name}.js`)])) as Record<N, string>;
}
