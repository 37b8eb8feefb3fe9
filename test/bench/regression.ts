import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Server } from '../../src/sandbox/servers.js';

/** The database that PostgreSQL's own regression tests leave behind: every kind of object, and many a strange one. */

const POOLS = ['http://deb.debian.org/debian/pool/main', 'http://deb.debian.org/debian-security/pool/updates/main'];
/** How many releases before the server's own will do: a mirror may not have the newest. */
const OLDER = 5;

/** What these do is about servers, other databases or sessions, or takes long and leaves nothing. */
const LEFT_OUT = new Set(['tablespace', 'database', 'dbsize', 'subscription', 'stats', 'async', 'infinite_recurse']);

const exec = promisify(execFile);

/**
 * Fetches the sources of PostgreSQL from Debian: the server's own release, or one shortly before it.
 * @param version `15.18`
 * @returns the folder of the regression tests
 */
export async function fetchTests(folder: string, version: string): Promise<string> {
  const [major = '', minor = ''] = version.split('.');
  const names = Array.from({ length: OLDER }, (_, older) => Number(minor) - older)
    .filter((one) => one >= 0)
    .map((one) => `postgresql-${major}_${major}.${String(one)}.orig.tar.bz2`);
  for (const name of names) {
    for (const pool of POOLS) {
      const answer = await fetch(`${pool}/p/postgresql-${major}/${name}`);
      if (!answer.ok || answer.body === null) continue;
      const file = join(folder, name);
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(file));
      const tests = join(folder, 'sources');
      await mkdir(tests, { recursive: true });
      await exec('tar', ['-xjf', file, '-C', tests, '--strip-components=4', '--wildcards', '*/src/test/regress/*']);
      return tests;
    }
  }
  throw new Error(`Debian has none of ${names.join(', ')}`);
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
