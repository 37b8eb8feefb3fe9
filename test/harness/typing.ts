import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBelt } from './belt.js';
import { atFileEnd } from './endings.js';
import { testPair, type TestPair } from './pair.js';

/** What is typed word for word, as documents and examples have it. */

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));
/** The names that documents and examples use. */
const NAMES = { dc: 'testdatacenter1', db: 'database1', schema: 'Shop Floor' };

/** The tables that documents and examples name, and what else makes a schema. */
const SHOP = `
  CREATE TABLE orders (id serial PRIMARY KEY, note text, pieces int);
  ALTER TABLE orders ADD CONSTRAINT some_pieces CHECK (pieces > 0) NOT VALID;
  CREATE INDEX ON orders (note);
  CREATE TABLE "Stock" (product int PRIMARY KEY, pieces int);
  CREATE TABLE "audit log" (line text);
  CREATE TABLE log (line text);
  CREATE TABLE "Old Orders" (id int, note text);
  INSERT INTO orders (note, pieces) SELECT 'row ' || i, i FROM generate_series(1, 20) i;
  INSERT INTO "Stock" SELECT i, i FROM generate_series(1, 5000) i;
  -- Leaves the source larger than its copy, as reset wants it.
  DELETE FROM "Stock" WHERE product BETWEEN 2 AND 4999;
  INSERT INTO "audit log" VALUES ('opened');
  INSERT INTO log VALUES ('started');
  INSERT INTO "Old Orders" VALUES (1, 'old')`;

/** Passwords that documents and examples take from the environment. */
const VARIABLES = ['SRC_ROOT', 'SRC_OWNER', 'DST_ROOT', 'DST_OWNER', 'SRC_ROOT_PASSWORD', 'SRC_OWNER_PASSWORD']
  .concat('DST_ROOT_PASSWORD', 'DST_OWNER_PASSWORD')
  .map((name) => [name, 'secret'] as const);

/** A pair with the names and tables of documents and examples. */
export function documentedPair(): Promise<TestPair> {
  return testPair({ ...NAMES, srcSql: SHOP });
}

/** Runs a block as a shell would, with `belt` on the PATH and a home of its own. @throws when it ends otherwise than expected */
export async function type(pair: TestPair, block: string, expected = 0): Promise<void> {
  const { bin, home } = await machine();
  const tools = pair.environment['BELT_PG_BIN'];
  const path = [bin, ...(tools === undefined ? [] : [tools]), process.env['PATH'] ?? ''].join(delimiter);
  const env = { ...process.env, ...Object.fromEntries(VARIABLES), ...pair.environment, HOME: home, PATH: path };
  await new Promise<void>((resolve, reject) => {
    const shell = execFile(
      'bash',
      ['-euo', 'pipefail', '-c', block],
      { cwd: pair.dir, env: { ...env, PGLOGICAL_PASSWORD: pair.names.pglogical.pw } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (code === expected) resolve();
        else reject(new Error(`${block}\nexit code ${String(code)}\n${stdout}\n${stderr}`));
      },
    );
    shell.stdin?.end();
  });
}

let made: Promise<{ bin: string; home: string }> | undefined;

function machine(): Promise<{ bin: string; home: string }> {
  made ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'belt-docs-'));
    atFileEnd(() => {
      made = undefined;
      return rm(folder, { recursive: true, force: true });
    });
    const [bin, home] = [join(folder, 'bin'), join(folder, 'home')];
    await mkdir(bin);
    await mkdir(join(home, '.config/fish/completions'), { recursive: true });
    await writeFile(join(bin, 'belt'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
    await chmod(join(bin, 'belt'), 0o755);
    await buildBelt();
    return { bin, home };
  })();
  return made;
}
