import { existsSync, globSync } from 'node:fs';
import { dirname } from 'node:path';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const lib = (name) => `scope:${name}`;
const libs = ['kernel', 'contracts', 'recording', 'media', 'dicom', 'dimse', 'messaging', 'storage', 'telemetry'].map(
  lib,
);

/** Each folder is linted with its own tsconfig; its specs with tsconfig.spec.json where there is one. */
const projects = globSync('{apps,libs}/*/tsconfig.json')
  .concat(['tools/tsconfig.json', 'e2e/tsconfig.json', 'bench/tsconfig.json'])
  .map((tsconfig) => dirname(tsconfig))
  .flatMap((folder) => {
    const withConfig = (files, name) => ({
      files,
      languageOptions: { parserOptions: { project: `${folder}/${name}` } },
    });
    const spec = existsSync(`${folder}/tsconfig.spec.json`);
    return [
      withConfig([`${folder}/**/*.{ts,tsx}`], 'tsconfig.json'),
      ...(spec ? [withConfig([`${folder}/**/*.spec.ts`, `${folder}/test/**/*.ts`], 'tsconfig.spec.json')] : []),
    ];
  });

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      '**/generated/',
      '.nx/',
      '.cache/',
      '.smartbox/',
      'eslint.config.js',
      'vitest.config.ts',
      '**/*.cjs',
      '**/*.mjs',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            { sourceTag: 'scope:kernel', onlyDependOnLibsWithTags: [] },
            { sourceTag: 'scope:contracts', onlyDependOnLibsWithTags: [] },
            { sourceTag: 'scope:api-client', onlyDependOnLibsWithTags: [] },
            { sourceTag: 'scope:recording', onlyDependOnLibsWithTags: [lib('kernel'), lib('contracts')] },
            { sourceTag: 'scope:dicom', onlyDependOnLibsWithTags: [lib('kernel')] },
            {
              sourceTag: 'scope:dimse',
              onlyDependOnLibsWithTags: [lib('kernel'), lib('contracts'), lib('dicom')],
            },
            { sourceTag: 'scope:telemetry', onlyDependOnLibsWithTags: [lib('kernel')] },
            { sourceTag: 'scope:media', onlyDependOnLibsWithTags: [lib('kernel'), lib('recording')] },
            { sourceTag: 'scope:storage', onlyDependOnLibsWithTags: [lib('kernel'), lib('recording')] },
            {
              sourceTag: 'scope:messaging',
              onlyDependOnLibsWithTags: [lib('kernel'), lib('contracts'), lib('telemetry')],
            },
            { sourceTag: 'scope:testing', onlyDependOnLibsWithTags: libs },
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: [...libs, lib('testing')] },
            // The edit model runs in the browser too: what the editor shows is what the cut will be. Only ./edit of it is
            // free of Node, which the dashboard's build proves.
            {
              sourceTag: 'type:web',
              onlyDependOnLibsWithTags: [lib('contracts'), lib('api-client'), lib('recording')],
            },
            {
              sourceTag: 'type:tool',
              onlyDependOnLibsWithTags: [...libs, lib('testing'), lib('api-client'), lib('tools')],
            },
            {
              sourceTag: 'type:e2e',
              onlyDependOnLibsWithTags: [...libs, lib('testing'), lib('api-client'), lib('tools')],
            },
          ],
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...projects,
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: {
      // Specs of a library may launch servers from libs/testing, which knows that library: dependency-cruiser watches
      // for cycles between files, and that nothing but specs does so.
      '@nx/enforce-module-boundaries': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
