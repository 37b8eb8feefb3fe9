import { mkdir } from 'node:fs/promises';
import type pg from 'pg';
import type { Server } from '../../src/sandbox/servers.js';
import { compareObjects, compareRows, compareSequences, type Difference } from '../corpus/checker/compare.js';
import { dumpPlace, loadDump } from '../corpus/reference.js';
import { makeDatabasePair } from './database-pair.js';
import type { Measured } from './measure.js';
import { connect, placeOf } from './place.js';
import { fetchTests, makeRegressionDatabase } from './regression.js';

/** Moves PostgreSQL's regression database, all schemas of it, and demands that whatever is lost was named before. */

const DB = 'regression';

interface Finding {
  readonly code: string;
  readonly severity: 'fail' | 'warn' | 'note';
  readonly side: string;
  readonly object: string;
  readonly problem: string;
  readonly remedy: string;
  readonly acceptable: boolean;
}

interface Row {
  readonly findings?: readonly Finding[];
  readonly detail?: {
    readonly schema?: { readonly differences: readonly { kind: string; object: string }[] } | null;
    readonly views?: readonly { name: string }[];
  };
  readonly error: { readonly message: string } | null;
}

interface Tools {
  /** Runs belt, whatever its exit code. */
  readonly belt: (folder: string, ...args: string[]) => Promise<Measured>;
  readonly out: (line: string) => void;
}

interface Servers {
  readonly source: Server;
  readonly destination: Server;
}

/** @throws Error when a command fails, or something is lost that neither precheck nor sync names */
export async function regression(folder: string, servers: Servers, { belt, out }: Tools): Promise<void> {
  const { source, destination } = servers;
  await makeDatabasePair(folder, DB, servers, 'SELECT 1', { schema_name: '*' });
  const started = performance.now();
  await makeRegressionDatabase(source, DB, await testsFor(folder, source));
  out(`regression database made in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const run = async (command: string, ...options: string[]): Promise<Row> => {
    const { stdout, stderr, seconds } = await belt(folder, command, 'bench', DB, ...options, '--json');
    const { results } = JSON.parse(stdout === '' ? '{}' : stdout) as { results?: readonly Row[] };
    const row = results?.[0];
    if (row === undefined) throw new Error(`${command}: ${stderr}`);
    out(`  ${command.padEnd(30)} ${seconds.toFixed(1)} s${row.error === null ? '' : `: ${row.error.message}`}`);
    return row;
  };
  const must = async (command: string, ...options: string[]): Promise<Row> => {
    const row = await run(command, ...options);
    if (row.error !== null) throw new Error(`${command} fails: ${row.error.message}`);
    return row;
  };

  const findings = (await run('precheck')).findings ?? [];
  for (const { code, severity, object, problem } of findings) out(`    ${severity} ${code}: ${object} ${problem}`);
  const root = await connect(placeOf(destination, DB));
  try {
    // What an operator does who reads it: setup refuses else.
    for (const { code, remedy } of findings.filter(({ severity }) => severity === 'fail')) {
      const [, statement] = /^On the destination, as root: (CREATE .*)$/.exec(remedy) ?? [];
      if (statement === undefined) continue;
      out(`    done as ${code} says: ${statement}`);
      await root.query(statement);
    }
    const accept = [
      ...new Set(findings.filter((one) => one.severity === 'fail' && one.acceptable).map((one) => one.code)),
    ];
    await must('setup', '--create-roles', ...(accept.length === 0 ? [] : ['--accept', accept.join(',')]));
    await must('create-indexes');
    await must('revoke-logins', '--disconnect');
    await must('teardown-forward-replication');
    const sync = await run('sync', '--large-objects');
    const told = sync.detail?.schema?.differences ?? [];
    for (const { kind, object } of told) out(`    sync tells of ${kind} ${object}`);
    await must('teardown', '--full');

    // A view that was not refreshed since its tables changed is, on the destination, as fresh as they.
    const views = (sync.detail?.views ?? []).map(({ name }) => `view ${name}`);
    const names = [
      ...findings.map(({ object }) => object),
      ...told.map(({ kind, object }) => `${kind} ${object}`),
      ...views,
    ];
    const differences = await compare(servers, root, out);
    const unexplained = differences.filter((one) => !isExplained(one, names));
    for (const one of differences)
      out(`    ${unexplained.includes(one) ? 'LOST' : 'told'}: ${one.object} ${one.problem.slice(0, 300)}`);
    if (unexplained.length > 0) throw new Error(`${String(unexplained.length)} differences that nothing tells of`);
    if (sync.error !== null) throw new Error(`sync fails: ${sync.error.message}`);
    out(`  ${String(differences.length)} differences, each of them told`);
  } finally {
    await root.end();
  }
}

/** Objects against what `pg_dump | psql` makes on the destination's server, rows and sequences against the source. */
async function compare(
  { source, destination }: Servers,
  moved: pg.Client,
  out: (line: string) => void,
): Promise<Difference[]> {
  const reference = `${DB}_reference`;
  await moved.query(`CREATE DATABASE ${reference} TEMPLATE template0`);
  const dump = await dumpPlace(placeOf(source, DB), destination.bindir);
  for (const error of await loadDump(placeOf(destination, reference), destination.bindir, dump))
    out(`    not in the reference either: ${error}`);
  const [wanted, from] = [await connect(placeOf(destination, reference)), await connect(placeOf(source, DB))];
  try {
    const { rows } = await from.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'pglogical', 'belt')`,
    );
    const schemas = rows.map(({ name }) => name);
    const objects = await compareObjects(wanted, moved, { schemas });
    const found = await compareRows(from, moved, { schemas });
    const sequences = await compareSequences(from, moved, { schemas });
    out(
      `  ${String(found.tables)} tables with ${String(found.rows)} rows in ${String(schemas.length)} schemas compared`,
    );
    return [...objects, ...found.differences, ...sequences];
  } finally {
    await Promise.all([wanted.end(), from.end()]);
  }
}

const KIND =
  /^(access method|event trigger|foreign data wrapper|foreign server|order of columns|user mapping|\S+) (?=\S)/;

/** Whether a finding or a difference that sync tells of is about the object. */
function isExplained({ object }: Difference, names: readonly string[]): boolean {
  const words = (text: string): string =>
    ` ${text
      .replaceAll(/pg_catalog\.|["()]/g, ' ')
      .replaceAll(/[,\s]+/g, ' ')
      .replace(' as ', ' AS ')
      .trim()} `;
  return names.some((name) => words(object).includes(words(name.replace(KIND, ''))));
}

async function testsFor(folder: string, { bindir }: Server): Promise<string> {
  const given = process.env['BELT_REGRESSION_TESTS'];
  if (given !== undefined) return given;
  const sources = `${folder}/postgresql`;
  await mkdir(sources);
  return fetchTests(sources, await versionOf(bindir));
}

async function versionOf(bindir: string): Promise<string> {
  const { measure } = await import('./measure.js');
  const { stdout } = await measure(`${bindir}/postgres`, ['--version'], '/');
  const version = /\d+\.\d+/.exec(stdout)?.[0];
  if (version === undefined) throw new Error(`${bindir}/postgres does not tell its version: ${stdout}`);
  return version;
}
