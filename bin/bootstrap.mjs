#!/usr/bin/env node
// What `npm run demo`, `npm test`, `npm run test:proofs`, `npm run bench` and npm's own `prepare` run first: does whatever
// set-up is still missing, then starts the target. Works in a fresh clone, before anything is installed: it must not depend
// on packages.
//
//   node bin/bootstrap.mjs demo|test|proofs|bench|prepare [arguments for the target]

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Written after a build without faults. */
const BUILD_STAMP = join(ROOT, 'dist', '.built');
/** Read by Debian's postgresql-common; keeps the package from making and starting a server nobody asked for. */
const NO_CLUSTER = '/etc/postgresql-common/createcluster.d/pgbelt.conf';
const SHOWN_LINES = 25;

const TARGETS = {
  demo: { script: ['node_modules/tsx/dist/cli.mjs', 'test/demo/main.ts'] },
  test: { script: ['node_modules/vitest/vitest.mjs', 'run'], dockerWillDo: true },
  proofs: {
    script: ['node_modules/vitest/vitest.mjs', 'run', '--mode', 'proofs'],
    dockerWillDo: true,
  },
  bench: { script: ['node_modules/tsx/dist/cli.mjs', 'test/bench/main.ts'] },
  prepare: {},
};

/** A failure that the person can do something about: shown without a stack trace. */
class SetupError extends Error {}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function main([name, ...args]) {
  const target = Object.hasOwn(TARGETS, name ?? '') ? TARGETS[name] : undefined;
  if (target === undefined) {
    throw new SetupError(`usage: node bin/bootstrap.mjs ${Object.keys(TARGETS).join('|')} [arguments]`);
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(
      `Node.js 20 or newer is needed, and this is ${process.version}. Get it from https://nodejs.org/.`,
    );
  }
  if (name === 'prepare') {
    await prepare();
    return 0;
  }
  await installPackages();
  await build();
  await findPostgres(target);
  return runTarget([...target.script, ...args]);
}

/** npm's `prepare`: at `npm ci`, `npm pack` and `npm install -g .`, where npm links the folder without its packages. */
async function prepare() {
  if (existsSync(join(ROOT, 'src'))) {
    if (!existsSync(join(ROOT, 'node_modules'))) await installPackages();
    if (existsSync(join(ROOT, 'node_modules', 'esbuild'))) await build();
  }
  if (!existsSync(join(ROOT, 'dist', 'cli.js'))) {
    throw new SetupError('dist is missing, and esbuild, which makes it, is not installed. Run: npm ci --include=dev');
  }
}

async function installPackages() {
  if (await packagesAreInstalled()) return;
  // No package needs its install scripts, and this project's own `prepare` must not start again from in there.
  await step('installing npm packages', 'npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    env: npmEnvironment(),
  });
}

/** Whether what npm noted when it last installed is what package-lock.json asks for. */
async function packagesAreInstalled() {
  const wanted = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const noted = await readFile(join(ROOT, 'node_modules', '.package-lock.json'), 'utf8').catch(() => '{"packages":{}}');
  const installed = JSON.parse(noted).packages;
  return Object.entries(wanted).every(
    // Optional packages are for other systems, mostly.
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/** Without what `npm install -g` hands down, so that npm works on this folder, and tells what goes wrong. */
function npmEnvironment() {
  const foreign = /^npm_config_(global|location|prefix|local_prefix|global_prefix|omit|production|dry_run|loglevel)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function build() {
  const sources = (await filesUnder(join(ROOT, 'src'))).filter((file) => file.endsWith('.ts'));
  const inputs = [...sources, ...['package-lock.json', 'tsconfig.json', 'bin/build.mjs'].map((f) => join(ROOT, f))];
  const changed = Math.max(...(await Promise.all(inputs.map(modified))));
  if ((await modified(BUILD_STAMP)) >= changed && existsSync(join(ROOT, 'dist', 'cli.js'))) return;
  const started = new Date();
  await step('building', 'npm', ['run', '--silent', 'build'], { env: npmEnvironment() });
  // As of the start: a source that changes during the build is built again the next time.
  await writeFile(BUILD_STAMP, '');
  await utimes(BUILD_STAMP, started, started);
}

async function findPostgres(target) {
  const missing = await missingPostgres();
  if (missing === undefined) return;
  if (target.dockerWillDo === true && process.env.BELT_TEST_POSTGRES === 'docker') return;
  const root = await becomeRoot();
  if (root !== undefined && existsSync('/etc/debian_version')) {
    await installPostgres(root, missing.detail?.found ?? []);
    return;
  }
  if (target.dockerWillDo === true && (await dockerAnswers())) return;
  throw new SetupError(
    [
      missing.message,
      missing.hint,
      ...(target.dockerWillDo === true ? ['Or start Docker: the tests then run their servers in containers.'] : []),
    ].join('\n  '),
  );
}

/** What the sandbox, which demo and tests stand on, says when this machine has no PostgreSQL with pglogical. */
async function missingPostgres() {
  const { chooseServers } = await import('../dist/sandbox/installations.js');
  return chooseServers(process.env.PATH).then(
    () => undefined,
    (error) => error,
  );
}

/** The words to put before a command so that it runs as root, or undefined when that cannot be had without asking. */
async function becomeRoot() {
  if (process.getuid?.() === 0) return [];
  return (await run('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * Installs PostgreSQL with pglogical on Debian or Ubuntu: for a server that is here already, or else the newest there is.
 * @param here majors of the servers that are here
 */
async function installPostgres(root, here) {
  await step('reading the lists of Debian packages', ...asRoot(root, ['apt-get', 'update', '-q']));
  const { output } = await run('apt-cache', ['search', '--names-only', '^postgresql-[0-9]+-pglogical$']);
  const offered = [...output.matchAll(/^postgresql-(\d+)-pglogical\b/gm)].map((match) => Number(match[1]));
  const fitting = here.filter((major) => offered.includes(major));
  if (offered.length === 0) {
    throw new SetupError(
      "This system's package lists have no postgresql-<version>-pglogical.\n" +
        "  Add the PostgreSQL project's own, see https://wiki.postgresql.org/wiki/Apt, and run this again.",
    );
  }
  const major = String(Math.max(...(fitting.length > 0 ? fitting : offered)));
  const packages = [`postgresql-${major}`, `postgresql-${major}-pglogical`];
  const install = ['apt-get', 'install', '-q', '-y', '--no-install-recommends'];
  await step('installing postgresql-common', ...asRoot(root, [...install, 'postgresql-common']));
  const script = `mkdir -p "$(dirname ${NO_CLUSTER})" && echo 'create_main_cluster = false' > ${NO_CLUSTER}`;
  await run(...asRoot(root, ['sh', '-c', script]));
  try {
    await step(`installing ${packages.join(' and ')}`, ...asRoot(root, [...install, ...packages]));
  } finally {
    await run(...asRoot(root, ['rm', '-f', NO_CLUSTER]));
  }
}

function asRoot(root, words) {
  const [command, ...args] = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...words];
  return [command, args];
}

async function dockerAnswers() {
  return (await run('docker', ['version', '--format', '{{.Server.Version}}'])).code === 0;
}

/** Runs a command that takes a while: one line with its time, and the end of its output when it fails. */
async function step(what, command, args, options) {
  const started = Date.now();
  process.stderr.write(`bootstrap: ${what} ...`);
  const { code, output } = await run(command, args, options);
  process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  if (code === 0) return;
  const lines = output.trimEnd().split('\n');
  // npm begins with the reason, and ends with its manual.
  const tail = command === 'npm' && args[0] === 'ci' ? lines.slice(0, SHOWN_LINES) : lines.slice(-SHOWN_LINES);
  throw new SetupError([`${command} ${args.join(' ')} failed:`, ...tail.map((line) => `  ${line}`)].join('\n'));
}

/** Runs a command in the project's folder; gives its exit code and all that it wrote. Never throws. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (output += text));
    }
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Starts the target in this one's place: same streams, signals passed on. Gives the exit code. */
function runTarget(words) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { cwd: ROOT, stdio: 'inherit' });
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    // A terminal sends Ctrl-C to the child as well.
    process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

async function filesUnder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function modified(path) {
  return (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}

function say(text) {
  process.stderr.write(`bootstrap: ${text}\n`);
}
