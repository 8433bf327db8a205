/** How the client is built, and served while one works on it: `npm run web` beside a service on port 8080. */
import { defineConfig } from 'vite';

const SERVICE = process.env['PABAL_HTTP'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  // No imports of Node's, no addresses: what it makes runs wherever the service is.
  build: {
    target: 'es2023',
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', proxy: { '/v1': SERVICE, '/start': SERVICE, '/docs': SERVICE, '/style.css': SERVICE } },
});
