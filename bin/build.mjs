#!/usr/bin/env node
// Makes dist/ out of src/: what is loaded together is bundled, since finding and reading hundreds of small files takes a
// third of the time that belt needs to start, at every command of a downtime. Types are checked elsewhere (npm run types).

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

const { metafile } = await build({
  absWorkingDir: ROOT,
  // The program, the thread in which resolvers run, what importers of the package get, and what bin/bootstrap.mjs asks
  // about PostgreSQL on this machine.
  entryPoints: [
    'src/cli.ts',
    'src/main.ts',
    'src/config/resolver-thread.ts',
    'src/index.ts',
    'src/sandbox/installations.ts',
  ],
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // jsonc-parser's `main` cannot be bundled; its `module` can.
  mainFields: ['module', 'main'],
  plugins: [
    {
      // zod's words for its faults in fifty languages, of which belt uses none but these: half of what it would load.
      name: 'one-language',
      setup: ({ onLoad }) => {
        onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
          contents: "export { default as en } from './en.js';",
          resolveDir: dirname(path),
        }));
      },
    },
  ],
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
  minifyWhitespace: true,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

// The types of the contract with resolvers, which stand on nothing else.
const declared = ['index', 'config/resolver-contract'];
for (const name of declared) {
  const source = await readFile(join(ROOT, 'src', `${name}.ts`), 'utf8');
  const { outputText } = ts.transpileDeclaration(source, { compilerOptions: { isolatedDeclarations: true } });
  await mkdir(dirname(join(DIST, name)), { recursive: true });
  await writeFile(join(DIST, `${name}.d.ts`), outputText);
}

// What earlier builds left.
const made = new Set(declared.map((name) => `${name}.d.ts`));
for (const file of Object.keys(metafile.outputs)) made.add(relative('dist', file));
for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  const file = relative(DIST, join(entry.parentPath, entry.name));
  if (entry.isFile() && /\.(js|d\.ts|LEGAL\.txt)$/.test(file) && !made.has(file)) await rm(join(DIST, file));
}
