import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

/** Where the catalog listens while developing: `SMARTBOX_URL=http://127.0.0.1:... npx vite`. */
const catalog = process.env.SMARTBOX_URL ?? 'http://127.0.0.1:8080';

/** Tells the service worker every file of the build, so that all of the app is there when the server is not. */
const shellFiles = (): Plugin => ({
  name: 'smartbox-shell-files',
  enforce: 'post',
  generateBundle(_options, bundle) {
    const worker = bundle['sw.js'];
    if (worker?.type !== 'chunk') return;
    const wanted = Object.keys(bundle).filter(
      (name) => /\.(js|css|woff2|svg|png|html)$/.test(name) && name !== 'sw.js',
    );
    const all = [...new Set(['index.html', ...publicFiles, ...wanted])].sort().map((name) => `/${name}`);
    worker.code = worker.code.replace('self.SHELL_FILES', JSON.stringify(all));
  },
});
const publicFiles = ['favicon.svg', 'manifest.webmanifest', 'icons/icon-192.png'];

export default defineConfig({
  plugins: [react(), shellFiles()],
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
      input: {
        app: fileURLToPath(new URL('index.html', import.meta.url)),
        sw: fileURLToPath(new URL('src/pwa/service-worker.ts', import.meta.url)),
      },
      output: {
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
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
