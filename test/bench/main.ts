import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeServerHome, removeServerHome } from '../../src/sandbox/folders.js';
import { chooseServers } from '../../src/sandbox/installations.js';
import { startServer, type Server } from '../../src/sandbox/servers.js';
import { connectTo } from '../../src/sandbox/shop.js';
import { copy } from './copy.js';
import { makeDatabasePair } from './database-pair.js';
import { fleet, FLEET_SETTINGS } from './fleet.js';
import { full } from './full.js';
import { large } from './large.js';
import { regression } from './regression-move.js';
import { dockerProvider } from '../harness/providers/docker.js';
import { stress } from './stress.js';
import { measure, median, type Measured } from './measure.js';

/**
 * The benchmark: figures of the downtime, of start-up and of memory, on two local servers, next to what they may be at
 * most. It prints them and fails only when a command fails: time on a shared machine is not a verdict.
 * Arguments: the parts wanted (start, downtime, memory, fleet, full, copy, large, stress; all when none is named; and regression, which
 * fetches PostgreSQL's sources, only when it is);
 * BELT_TEST_POSTGRES=docker for the copy from PostgreSQL 15 to 17 in containers alone; --rounds N (default 3); --durable for servers that wait for the disk, which tells more of the disk than of belt.
 */

const BELT = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));
const REFERENCE = new URL('./reference.sql', import.meta.url);
const LIMITS = { downtime: 3, status: 0.35, statusMemory: 120, help: 2.5, memory: 200 } as const;
const STATUS_RUNS = 11;
const PARTS = ['start', 'downtime', 'memory', 'fleet', 'full', 'copy', 'large', 'stress', 'regression'] as const;
const DOWNTIME = ['revoke-logins', 'teardown-forward-replication', 'sync'] as const;

/** A table without key of about 600 MB, with rows of up to 20 MB, which sync has to copy in the downtime. */
const WIDE = `
  CREATE TABLE wide (n int, body text);
  ALTER TABLE wide ALTER COLUMN body SET STORAGE EXTERNAL;
  INSERT INTO wide SELECT g, repeat(md5(g::text), 1000) FROM generate_series(1, 15000) g;
  INSERT INTO wide SELECT g, repeat(md5(g::text), 625000) FROM generate_series(1, 6) g;
  CREATE TABLE keyed (id serial PRIMARY KEY, body text);
  INSERT INTO keyed (body) SELECT repeat(md5(g::text), 30000) FROM generate_series(1, 300) g;`;

const out = (line: string): void => void process.stdout.write(`${line}\n`);
const peaks = new Map<string, number>();

/** The copy from PostgreSQL 15 to 17, where only containers have both. */
async function copyInContainers(rounds: number): Promise<void> {
  const provider = await dockerProvider();
  if (provider.tools !== undefined) process.env['PATH'] = `${provider.tools}${delimiter}${process.env['PATH'] ?? ''}`;
  const pair = await provider.startPair();
  const folder = await mkdtemp(join(tmpdir(), 'belt-bench-'));
  try {
    const [source, destination] = [pair.src.info, pair.dst.info];
    out(`PostgreSQL ${String(source.major)} -> ${String(destination.major)}, both in containers on this machine`);
    await copy({ folder, servers: { source, destination }, belt, out, rounds });
  } finally {
    await pair.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--rounds');
  const rounds = at < 0 ? 3 : Number(process.argv[at + 1]);
  if (process.env['BELT_TEST_POSTGRES'] === 'docker') return copyInContainers(rounds);
  const durable = process.argv.includes('--durable');
  const named = PARTS.filter((part) => process.argv.includes(part));
  const wanted = (part: (typeof PARTS)[number]): boolean =>
    (named.length === 0 && part !== 'regression') || named.includes(part);
  const chosen = await chooseServers(process.env['PATH']);
  const home = await makeServerHome(chosen.source);
  const folders: string[] = [];
  const projectFolder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), 'belt-bench-'));
    folders.push(made);
    return made;
  };
  const folder = await projectFolder();
  const servers: Server[] = [];
  try {
    // Autovacuum would be busy with what an earlier round has loaded; settle() does its work.
    const settings = {
      ...{ fsync: durable, full_page_writes: durable, autovacuum: false },
      ...(wanted('fleet') ? FLEET_SETTINGS : {}),
    };
    const source = await startServer({ home, installation: chosen.source, name: 'source', settings });
    servers.push(source);
    const destination = await startServer({ home, installation: chosen.destination, name: 'destination', settings });
    servers.push(destination);
    out(
      `PostgreSQL ${String(source.major)} -> ${String(destination.major)}, both on this machine, fsync ${durable ? 'on' : 'off'}`,
    );
    if (wanted('start')) await help(folder);
    if (wanted('downtime')) await downtime(folder, { source, destination }, rounds);
    if (wanted('memory')) await memory(folder, { source, destination });
    if (wanted('fleet')) await fleet(await projectFolder(), { source, destination }, belt, out);
    if (wanted('copy'))
      await copy({ folder: await projectFolder(), servers: { source, destination }, belt, out, rounds });
    if (wanted('large')) await large(await projectFolder(), { source, destination }, belt, out);
    if (wanted('stress')) await stress({ folder: await projectFolder(), servers: { source, destination }, belt, out });
    if (wanted('regression')) await regression(await projectFolder(), { source, destination }, { belt: tryBelt, out });
    if (wanted('full')) await full(folder, { source, destination }, { rounds, belt: runBelt, out });
    out(
      `\nmost memory of any command: ${Math.max(...peaks.values()).toFixed(0)} MB (limit ${String(LIMITS.memory)} MB)`,
    );
    for (const [command, peak] of peaks) out(`  ${command.padEnd(30)} ${peak.toFixed(0)} MB`);
  } finally {
    await Promise.all(servers.map((server) => server.stop('immediate').catch(() => undefined)));
    await removeServerHome(home);
    for (const made of folders) await rm(made, { recursive: true, force: true });
  }
}

function belt(folder: string, ...args: string[]): Promise<Measured> {
  return runBelt(folder, args);
}

async function runBelt(folder: string, args: readonly string[], exitCode = 0): Promise<Measured> {
  const run = await tryBelt(folder, ...args);
  if (run.exitCode !== exitCode)
    throw new Error(`belt ${args.join(' ')}: exit code ${String(run.exitCode)}\n${run.stdout}${run.stderr}`);
  return run;
}

async function tryBelt(folder: string, ...args: string[]): Promise<Measured> {
  const run = await measure(process.execPath, [BELT, ...args], folder);
  const command = args[0] ?? '';
  peaks.set(command, Math.max(peaks.get(command) ?? 0, run.megabytes));
  return run;
}

/** belt --help against node -e 0, in turn, so that a slow moment of the machine meets both. */
async function help(folder: string): Promise<void> {
  const ratios: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < STATUS_RUNS; round += 1) {
    const node = await measure(process.execPath, ['-e', '0'], folder);
    const run = await belt(folder, '--help');
    ratios.push(run.seconds / node.seconds);
    seconds.push(run.seconds);
  }
  out(
    `belt --help: ${median(seconds).toFixed(3)} s, ${median(ratios).toFixed(2)} times node -e 0 (limit ${String(LIMITS.help)})`,
  );
}

async function migrateUntilDowntime(folder: string, db: string): Promise<void> {
  await belt(folder, 'setup', 'bench', db);
  for (;;) {
    const { stdout } = await belt(folder, 'status', 'bench', db, '--json');
    const { results } = JSON.parse(stdout) as { results: { forward_replication: string }[] };
    if (results[0]?.forward_replication === 'replicating') break;
    await sleep(500);
  }
  await belt(folder, 'setup-back-replication', 'bench', db);
  await belt(folder, 'create-indexes', 'bench', db);
  await belt(folder, 'analyze', 'bench', db);
}

/**
 * A migration takes days, in which autovacuum and checkpoints have done their work. Here seconds ago two million rows were
 * loaded, and both would come in the middle of the downtime.
 */
async function settle(db: string, { source, destination }: { source: Server; destination: Server }): Promise<void> {
  for (const [side, server] of [['src', source] as const, ['dst', destination] as const]) {
    const root = await connectTo(server, side, db, server.superuser, server.password);
    await root.query('VACUUM');
    await root.query('CHECKPOINT');
    await root.close();
  }
}

async function downtime(
  folder: string,
  servers: { source: Server; destination: Server },
  rounds: number,
): Promise<void> {
  const sql = await readFile(REFERENCE, 'utf8');
  const totals: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const { db } = await makeDatabasePair(folder, `reference_${String(round)}`, servers, sql);
    await migrateUntilDowntime(folder, db);
    await settle(db, servers);
    if (round === 1) await status(folder, db);
    const started = performance.now();
    const runs: Measured[] = [];
    for (const command of DOWNTIME) {
      const options = command === 'revoke-logins' ? ['--disconnect'] : [];
      runs.push(await belt(folder, command, 'bench', db, ...options, ...(command === 'sync' ? ['--json'] : [])));
    }
    const total = (performance.now() - started) / 1000;
    totals.push(total);
    out(`downtime, round ${String(round)}: ${total.toFixed(2)} s`);
    for (const [index, command] of DOWNTIME.entries())
      out(`  ${command.padEnd(30)} ${runs[index]?.seconds.toFixed(2) ?? ''} s`);
    for (const step of stepsOf(runs.at(-1)?.stdout ?? '')) out(`    ${step}`);
    await belt(folder, 'teardown-back-replication', 'bench', db);
    await belt(folder, 'restore-logins', 'bench', db);
  }
  out(`downtime: ${median(totals).toFixed(2)} s, median of ${String(rounds)} (limit ${String(LIMITS.downtime)} s)`);
}

function stepsOf(json: string): string[] {
  const { results } = JSON.parse(json) as {
    results: { steps: { name: string; duration_ms: number; message: string | null }[] }[];
  };
  return (results[0]?.steps ?? []).map(
    ({ name, duration_ms, message }) => `${name.padEnd(28)} ${String(duration_ms).padStart(6)} ms  ${message ?? ''}`,
  );
}

async function status(folder: string, db: string): Promise<void> {
  const runs: Measured[] = [];
  for (let run = 0; run < STATUS_RUNS; run += 1) runs.push(await belt(folder, 'status', 'bench', db));
  out(
    `belt status: ${median(runs.map(({ seconds }) => seconds)).toFixed(3)} s (limit ${String(LIMITS.status)} s), ` +
      `${Math.max(...runs.map(({ megabytes }) => megabytes)).toFixed(0)} MB (limit ${String(LIMITS.statusMemory)} MB)`,
  );
}

/** The migration of a database with big tables and big rows: only its memory is looked at. */
async function memory(folder: string, servers: { source: Server; destination: Server }): Promise<void> {
  const { db } = await makeDatabasePair(folder, 'wide', servers, WIDE);
  await belt(folder, 'precheck', 'bench', db);
  await migrateUntilDowntime(folder, db);
  for (const command of DOWNTIME)
    await belt(folder, command, 'bench', db, ...(command === 'revoke-logins' ? ['--disconnect'] : []));
}

await main();
