import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Server } from '../../src/sandbox/servers.js';

/** The database that PostgreSQL's own regression tests leave behind: every kind of object, and many a strange one. */

const POOL = 'http://deb.debian.org/debian/pool/main/p/postgresql-';

/** What these do is about servers, other databases or sessions, or takes long and leaves nothing. */
const LEFT_OUT = new Set(['tablespace', 'database', 'dbsize', 'subscription', 'stats', 'async', 'infinite_recurse']);

const exec = promisify(execFile);

/**
 * Fetches the sources of PostgreSQL from Debian.
 * @returns the folder of the regression tests
 */
export async function fetchTests(folder: string, major: number): Promise<string> {
  const pool = `${POOL}${String(major)}/`;
  const index = await (await fetch(pool)).text();
  const names = [...index.matchAll(/href="(postgresql-\d+_[\d.]+\.orig\.tar\.bz2)"/g)].map(([, name = '']) => name);
  const name = names.sort().at(-1);
  if (name === undefined) throw new Error(`${pool} has no sources`);
  const { body } = await fetch(pool + name);
  if (body === null) throw new Error(`${pool}${name} is empty`);
  const file = join(folder, name);
  await pipeline(Readable.fromWeb(body), createWriteStream(file));
  const tests = join(folder, 'sources');
  await mkdir(tests, { recursive: true });
  await exec('tar', ['-xjf', file, '-C', tests, '--strip-components=4', '--wildcards', '*/src/test/regress/*']);
  return tests;
}

/** Runs the tests' SQL one after another in a database; many statements fail by design. */
export async function makeRegressionDatabase(server: Server, database: string, tests: string): Promise<void> {
  const schedule = await readFile(join(tests, 'parallel_schedule'), 'utf8');
  const names = schedule
    .split('\n')
    .flatMap((line) => /^test: (.*)$/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
    .filter((name) => !LEFT_OUT.has(name));
  const env = {
    ...process.env,
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: server.password,
    PGDATABASE: database,
    PGTZ: 'PST8PDT',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose -c statement_timeout=60000 -c lock_timeout=5000',
    PG_ABS_SRCDIR: tests,
    PG_ABS_BUILDDIR: tests,
    PG_LIBDIR: tests,
    PG_DLSUFFIX: '.so',
  };
  for (const name of names) {
    await exec(join(server.bindir, 'psql'), ['-X', '-a', '-q', '-f', join(tests, 'sql', `${name}.sql`)], {
      env,
      maxBuffer: 1 << 28,
    }).catch(() => undefined);
  }
}
