import { expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { conninfo } from '../../src/postgres/conninfo.js';
import { ArgumentWatch } from '../harness/arguments.js';
import { awkwardSchema, markInto, TABLES } from '../harness/awkward.js';
import type { BeltRun } from '../harness/belt.js';
import {
  expectEqual,
  expectNoReplication,
  filesOf,
  must,
  until,
  untilReplicating,
  Writer,
  type Json,
} from '../harness/migration.js';
import type { TestNames } from '../harness/names.js';
import { testPair } from '../harness/pair.js';

/** The passwords as they are, and as the ways of quoting on belt's way would write them. */
function secretsOf({ root, owner, pglogical, app }: TestNames): string[] {
  const quotings: ((secret: string) => string)[] = [
    (secret) => secret,
    (secret) => literal(secret),
    (secret) => ident(secret),
    (secret) => conninfo({ password: secret }),
    (secret) => literal(conninfo({ password: secret })),
    (secret) => JSON.stringify(secret).slice(1, -1),
    (secret) => encodeURIComponent(secret),
    (secret) => encodeURI(secret),
    (secret) => secret.replaceAll(' ', '\\ '),
    (secret) => `'${secret.replaceAll("'", `'\\''`)}'`,
    (secret) => Buffer.from(secret).toString('base64'),
    // The longest part that no quoting changes.
    (secret) => secret.replace(/^.*["'\\]/, ''),
  ];
  return [root, owner, pglogical, app].flatMap(({ pw }) => quotings.map((quote) => quote(pw)));
}

it('moves a database whose every name and password is hostile, and shows no secret', { timeout: 120_000 }, async () => {
  const pair = await testPair({ ownProcess: true, hostile: true, srcSql: awkwardSchema, db: 'a db' });
  await pair.src.disconnect();
  const secrets = secretsOf(pair.names);
  expect(Math.min(...secrets.map((secret) => secret.length))).toBeGreaterThan(10);
  const watch = new ArgumentWatch(secrets);
  const texts: string[] = [];
  const run = async (...words: readonly [string, ...string[]]): Promise<BeltRun> => {
    const done = await must(pair, words);
    texts.push(done.stdout, done.stderr);
    return done;
  };
  const writer = await Writer.start(pair.src, markInto(pair.names), { connections: 2, pauseMs: 20 });
  try {
    const precheck = (await run('precheck', '--json')).json<Json>();
    expect(precheck.results[0]).toMatchObject({ src: { root_ok: true, schema_name: pair.schema } });
    await run('setup', '--dry-run');
    await run('setup');
    await untilReplicating(pair.dst, 'pg1_pg2');
    await run('setup-back-replication', '--json');
    expect((await run('status', '--json')).json<Json>().results).toMatchObject([
      { forward_replication: 'replicating', back_replication: 'replicating' },
    ]);
    await run('status');
    await run('analyze');
    await run('create-indexes');
    const revoked = (await run('revoke-logins', '--disconnect', '--json')).json<Json>().results[0];
    const revokedRoles = (revoked?.['detail'] as { revoked: string[] }).revoked;
    expect(revokedRoles).toContain(pair.names.app.name);
    expect(revokedRoles).not.toContain(pair.names.root.name);
    expect(revokedRoles).not.toContain(pair.names.pglogical.name);
    await writer.stop();
    expect(writer.cut.length, 'the application was not cut off').toBeGreaterThan(0);
    await run('teardown-forward-replication');
    const synced = (await run('sync', '--json')).json<Json>().results[0];
    const { tables } = synced?.['detail'] as { tables: { tables: { name: string; loaded: boolean }[] } };
    expect(tables.tables.map(({ name, loaded }) => [name, loaded])).toEqual([
      [TABLES.spaced, true],
      [TABLES.injected, true],
    ]);
    await expectEqual(pair);
    const marks = await pair.dst.sql(`SELECT FROM ${ident(pair.schema)}."select" WHERE "The Mark" = ANY ($1)`, [
      writer.acknowledged,
    ]);
    expect(marks.length).toBe(writer.acknowledged.length);
    expect(marks.length).toBeGreaterThan(10);

    await pair.dst.sql(markInto(pair.names), ['after the cutover']);
    await until('the row comes back to the source', async () => {
      const sql = `SELECT FROM ${ident(pair.schema)}."select" WHERE "The Mark" = 'after the cutover'`;
      return (await pair.src.sql(sql)).length === 1;
    });
    await run('teardown-back-replication');
    await run('restore-logins');
    await (await pair.src.connect(pair.names.app)).end();
    await expectNoReplication(pair);

    // Errors are made of names and PostgreSQL's words, so they get their chance to show a secret, too.
    const { root } = pair.names;
    if (pair.config.src !== null) pair.config.src.root_user = { ...root, pw: `${root.pw}!` };
    await pair.writeConfig();
    const refused = await pair.belt(['precheck']);
    expect(refused.exitCode, refused.text).toBe(1);
    texts.push(refused.stdout, refused.stderr);
  } finally {
    await writer.stop();
    await watch.stop();
  }
  expect([...watch.found], 'a secret stood in the arguments of a process').toEqual([]);
  const arguments_ = [...watch.seen].join('\n');
  for (const tool of ['bin/belt.js', 'pg_dump', 'pg_restore']) expect(arguments_).toContain(tool);
  const all = `${texts.join('\n')}\n${await filesOf(pair.dir)}`;
  expect(all).toContain('create-subscription');
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
});
