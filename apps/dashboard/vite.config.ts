import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** Where the catalog listens while developing: `SMARTBOX_URL=http://127.0.0.1:... npx vite`. */
const catalog = process.env.SMARTBOX_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // Workspace packages come from their sources: no build of theirs is needed first.
  resolve: { conditions: ['@smartbox/source', ...defaultClientConditions] },
  server: { host: '127.0.0.1', proxy: { '/api': { target: catalog, changeOrigin: false } } },
  build: {
    outDir: 'dist',
    sourcemap: true,
    // The catalog's content security policy allows files of its own only: nothing becomes a data: URL.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|react-router|scheduler)\// },
            { name: 'mantine', test: /node_modules\/(@mantine|@floating-ui)\// },
          ],
        },
      },
    },
  },
});
