import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { NOT_REPLICATED } from './checks.js';
import { DemoError } from './belt.js';
import { say } from './narrator.js';
import type { SandboxFacts, ServerFacts } from './sandbox.js';

/**
 * Going back, a person brings over by hand what replication does not carry and belt does not bring: the rows of tables
 * without a key or with a generated column. Nobody writes meanwhile.
 */
export async function bringBackByHand(facts: SandboxFacts): Promise<void> {
  for (const table of NOT_REPLICATED) await copyTable(facts, table);
}

/** Replaces the table's rows on the source by the destination's, in one transaction. */
async function copyTable({ servers, schema }: SandboxFacts, table: string): Promise<void> {
  const name = `"${schema}"."${table}"`;
  say.command(
    `psql <destination> -c 'COPY ${name} TO STDOUT' | psql <source> -1 -c 'TRUNCATE ${name}' -c 'COPY ${name} FROM STDIN'`,
  );
  const from = psql(servers.destination, ['-c', `COPY ${name} TO STDOUT`], ['ignore', 'pipe', 'inherit']);
  const to = psql(
    servers.source,
    ['-1', '-c', `TRUNCATE ${name}`, '-c', `COPY ${name} FROM STDIN`],
    ['pipe', 'ignore', 'inherit'],
  );
  const codes = Promise.all([ended(from), ended(to)]);
  if (from.stdout !== null && to.stdin !== null) from.stdout.pipe(to.stdin);
  if ((await codes).some((code) => code !== 0)) throw new DemoError(`could not copy ${name} back to the source`);
}

function psql(server: ServerFacts, args: readonly string[], stdio: ('ignore' | 'pipe' | 'inherit')[]) {
  const { host, port, database, superuser, bindir } = server;
  return spawn(
    join(bindir, 'psql'),
    [
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      host,
      '-p',
      String(port),
      '-U',
      superuser.name,
      '-d',
      database,
      ...args,
    ],
    { stdio, env: { ...process.env, PGPASSWORD: superuser.password } },
  );
}

async function ended(child: ReturnType<typeof psql>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}
