#!/usr/bin/env node
// What npm puts on the PATH: checks that belt can run at all, then hands over to the built program.
import module from 'node:module';
import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli.js', import.meta.url);

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`belt needs Node.js 20 or newer, and this is ${process.version}. Install a newer one from https://nodejs.org/.`);
} else if (!existsSync(entry)) {
  fail(`belt is not built: ${entry.pathname} is missing. Run "npm ci && npm run build" in the folder of belt.`);
} else {
  // Absent before Node 22.1; saves compiling the same files at every start.
  module.enableCompileCache?.();
  await import(entry.href);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
