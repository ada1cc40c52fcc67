// Builds the page: node www/build.mjs [--package npm/dist] [--out dist]
// The package folder is the built npm package: index.js, worker.js, engine/, models/.
import { cp, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { generateSW } from 'workbox-build';
import { shippedModels } from '../models/shipped.mjs';
import { buildDocs } from './docs/pages.mjs';

const www = fileURLToPath(new URL('.', import.meta.url));
/** The package has its own folder, so that it finds its worker, engine and models beside itself. */
const PACKAGE_FOLDER = 'resshift';

/**
 * @param {{ packageFolder: string, out: string }} options
 * @returns {Promise<{ precached: number, bytes: number }>} number and size of the files kept for offline use
 */
export async function buildPage({ packageFolder, out }) {
  if (!(await stat(join(packageFolder, 'index.js')).catch(() => null))) {
    throw new Error(`${packageFolder} holds no index.js: build the package first (./build.sh package).`);
  }
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });

  await bundle({
    entryPoints: [join(www, 'src/main.ts'), join(www, 'src/bench/bench.ts'), join(www, 'style.css')],
    outdir: out,
    entryNames: '[name]',
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    // Every language other than English is a separate file, loaded on demand.
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome113', 'firefox121', 'safari17'],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    define: { BUILT_IN_MODELS: JSON.stringify(shippedModels().map(({ name, steps, y0, bytes }) => ({ name, steps, y0, bytes }))) },
    plugins: [
      {
        name: 'package',
        setup(context) {
          context.onResolve({ filter: /^resshift-web$/ }, () => ({ path: `./${PACKAGE_FOLDER}/index.js`, external: true }));
        },
      },
    ],
  });
  await bundle({
    entryPoints: [join(www, 'src/i18n/before-paint.ts'), join(www, 'src/input/share-target.ts')],
    outdir: out,
    entryNames: '[name]',
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'bench', 'manifest.webmanifest', 'samples', 'screenshots'])
    await cp(join(www, name), join(out, name), { recursive: true });
  await mkdir(join(out, 'icons'));
  for (const name of await readdir(join(www, 'icons'))) {
    if (['.svg', '.png'].includes(extname(name))) await cp(join(www, 'icons', name), join(out, 'icons', name));
  }
  await cp(packageFolder, join(out, PACKAGE_FOLDER), { recursive: true, filter: (path) => !path.endsWith('.d.ts') });

  await buildDocs(join(out, 'docs'));

  const { count, size, warnings } = await generateSW({
    globDirectory: out,
    globPatterns: ['**/*.{html,css,js,wasm,svg,png,jpg,webmanifest}'],
    // Weights are large and change independently. The engine stores them in IndexedDB, checked by their hash.
    globIgnores: [
      `${PACKAGE_FOLDER}/models/**`,
      `${PACKAGE_FOLDER}/cdn/**`,
      `${PACKAGE_FOLDER}/{checks,element}.js`,
      'screenshots/**',
      'share-target.js',
      // Read online: the service worker leaves these addresses to the network.
      'docs/**',
    ],
    maximumFileSizeToCacheInBytes: 64 << 20,
    swDest: join(out, 'sw.js'),
    inlineWorkboxRuntime: true,
    importScripts: ['share-target.js'],
    // These parameters still mean the page itself.
    ignoreURLParametersMatching: [/^shared$/, /^utm_/],
    sourcemap: false,
    cleanupOutdatedCaches: true,
    // A new version waits until the person agrees, because it must not replace files during a run.
    skipWaiting: false,
    clientsClaim: false,
  });
  if (warnings.length > 0) throw new Error(warnings.join('\n'));
  return { precached: count, bytes: size };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { package: { type: 'string', default: join(www, '../npm/dist') }, out: { type: 'string', default: join(www, '../dist') } },
  });
  try {
    const { precached, bytes } = await buildPage({ packageFolder: resolve(values.package), out: resolve(values.out) });
    const script = await readFile(join(values.out, 'main.js'));
    console.log(
      `${values.out}: ${precached} files, ${(bytes / 1e6).toFixed(1)} MB kept for offline use; main.js ${(script.length / 1e3).toFixed(1)} kB`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
