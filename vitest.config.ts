import { defineConfig } from 'vitest/config';

// One conditions list for every project: workspace packages resolve to their TypeScript sources, no build needed.
const conditions = ['@smartbox/source'];
const common = {
  // Specs declare Nest classes of their own; their tsconfig is not the one that the transformer finds.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};
const exclude = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  test: {
    projects: [
      {
        ...common,
        test: { name: 'unit', include: ['{apps,libs,tools,bench}/**/*.unit.spec.ts'], exclude, testTimeout: 20_000 },
      },
      {
        ...common,
        test: {
          name: 'int',
          include: ['{apps,libs,tools}/**/*.int.spec.ts'],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        ...common,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.spec.ts'],
          exclude,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Half of their time is waiting: for a ring to fill, for a clip to arrive.
          maxWorkers: 2,
        },
      },
    ],
  },
});
