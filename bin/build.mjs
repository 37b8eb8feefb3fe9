#!/usr/bin/env node
// Makes dist/ out of src/: what is loaded together is bundled, since finding and reading hundreds of small files takes a
// third of the time that belt needs to start, at every command of a downtime. Types are checked elsewhere (npm run types).

import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

const { metafile } = await build({
  absWorkingDir: ROOT,
  // The program, and what bin/bootstrap.mjs asks about PostgreSQL on this machine.
  entryPoints: ['src/cli.ts', 'src/sandbox/installations.ts'],
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // jsonc-parser's `main` cannot be bundled; its `module` can.
  mainFields: ['module', 'main'],
  // An optional part of pg that belt does not use.
  external: ['pg-native'],
  // What the packages among them that are CommonJS count on.
  banner: {
    js: [
      "import { createRequire as requireFrom } from 'node:module';",
      "import { fileURLToPath as pathOf } from 'node:url';",
      'const require = requireFrom(import.meta.url);',
      'const __filename = pathOf(import.meta.url);',
      "const __dirname = pathOf(new URL('.', import.meta.url));",
    ].join(' '),
  },
  keepNames: true,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

// What earlier builds left.
const made = new Set(Object.keys(metafile.outputs).map((file) => relative('dist', file)));
for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  const file = relative(DIST, join(entry.parentPath, entry.name));
  if (entry.isFile() && /\.(js|d\.ts|LEGAL\.txt)$/.test(file) && !made.has(file)) await rm(join(DIST, file));
}
