/**
 * Builds the web client into `web/dist`, packed for the wire. With `--if-needed` only when its sources have changed since, and
 * without ever failing: the mail service runs without it, and shows its start page instead.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const WEB = import.meta.dirname;
const DIST = join(WEB, 'dist');
/** In `dist`: of what it was made. */
const MADE_OF = 'made-of';
const PACKED = new Set(['.html', '.js', '.css', '.svg', '.webmanifest']);

/** Changes when a source, the way of building, or the version of a dependency does. */
function sourcesDigest(): string {
  const digest = createHash('sha256');
  const add = (path: string) => digest.update(`${path}\0`).update(readFileSync(path)).update('\0');
  const files = readdirSync(WEB, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(`${WEB}/dist`) && !path.endsWith('.test.ts'));
  for (const path of files.sort()) add(path);
  add(join(WEB, '..', 'package-lock.json'));
  return digest.digest('hex');
}

async function make(digest: string): Promise<void> {
  // Whoever calls: what React checks for its users while they write is not for those who read.
  process.env['NODE_ENV'] = 'production';
  const { build } = await import('vite');
  // Beside, then in its place: a service that starts meanwhile finds the old one or the new one.
  const fresh = mkdtempSync(`${DIST}-`);
  try {
    await build({ root: WEB, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
    // One file of its own, that imports nothing; it is in charge of what is below its place.
    const worker = { input: join(WEB, 'src/worker/service-worker.ts'), output: { entryFileNames: '[name].js' } };
    const beside = { outDir: fresh, emptyOutDir: false, copyPublicDir: false, rollupOptions: worker };
    await build({ root: WEB, logLevel: 'warn', build: beside });
    for (const name of readdirSync(fresh, { recursive: true, encoding: 'utf8' }).filter((n) => PACKED.has(extname(n))))
      pack(join(fresh, name));
    writeFileSync(join(fresh, MADE_OF), digest);
    rmSync(DIST, { recursive: true, force: true });
    try {
      renameSync(fresh, DIST);
    } catch {
      // Another one was quicker; or a file system that renames no folders.
      if (!existsSync(join(DIST, MADE_OF))) cpSync(fresh, DIST, { recursive: true });
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function pack(path: string): void {
  const plain = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }));
}

/** Bytes (gzip) of what the page names, which is what a browser loads before it shows a mailbox. */
export function firstLoad(): number {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name = '']) => name);
  return ['index.html', ...named].reduce((sum, name) => sum + readFileSync(join(DIST, `${name}.gz`)).length, 0);
}

/** Builds unless there is a build of these very sources. */
export async function buildIfNeeded(): Promise<'fresh' | 'built'> {
  const digest = sourcesDigest();
  const made = existsSync(join(DIST, MADE_OF)) ? readFileSync(join(DIST, MADE_OF), 'utf8') : '';
  if (made === digest) return 'fresh';
  await make(digest);
  return 'built';
}

if (import.meta.main) {
  const lenient = process.argv.includes('--if-needed');
  const started = performance.now();
  try {
    if (!lenient) rmSync(DIST, { recursive: true, force: true });
    if ((await buildIfNeeded()) === 'built') {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`The web client was built in ${seconds} s; a browser loads ${Math.ceil(firstLoad() / 1000)} kB.`);
    }
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    const reason = missing ? 'its build tools are not installed' : String((error as Error).message ?? error);
    console.error(`The web client could not be built (${reason}). Mail works without it; browsers get the start page.`);
    if (!lenient) process.exitCode = 1;
  }
  // A builder that left something running must not keep the service waiting.
  process.exit();
}
