import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { connectionsFields } from '../../src/results/connections.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Not the server's superuser "postgres", whose sessions never count. */
const root = { name: `Root ${randomBytes(4).toString('hex')}`, pw: 'root-password' };

let pair: TestPair;
const clients: pg.Client[] = [];

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS, names: { root } });
  // The owner's session that has run it.
  await pair.src.disconnect();
});

afterAll(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
});

const count = async (...options: string[]) => {
  const run = await pair.belt(['connections', '--json', ...options]);
  const [row] = checkedJson(run, connectionsFields, [pair]).results;
  if (row === undefined || !('source' in row)) throw new Error('no result');
  return { source: row.source, destination: row.destination };
};

const NONE = { total_connections: 0, by_user: {} };

describe('belt connections', () => {
  it('counts neither its own sessions nor postgres nor replication', async () => {
    expect(await count()).toEqual({ source: NONE, destination: NONE });
    await replicate(pair);
    const postgres = await pair.src.connect();
    clients.push(postgres);
    const { rows } = await postgres.query<{ type: string }>(
      'SELECT backend_type AS type FROM pg_stat_activity WHERE datname = current_database() AND usename = $1',
      [pair.names.pglogical.name],
    );
    expect(rows).toContainEqual({ type: 'walsender' });
    expect(await count()).toEqual({ source: NONE, destination: NONE });
    await postgres.query("SET application_name = 'psql'");
    const other = await pair.src.connect(root);
    clients.push(other);
    await other.query("SET application_name = 'belt sync (pid 4711)'");
    expect(await count()).toEqual({ source: NONE, destination: NONE });
    await other.query("SET application_name = 'belt pg_restore'");
    expect(await count()).toEqual({ source: NONE, destination: NONE });
    // A person as root is somebody.
    await other.query("SET application_name = 'belt and braces'");
    expect((await count()).source).toEqual({ total_connections: 1, by_user: { [root.name]: 1 } });
    await other.end();
  });

  it('counts by user on each side, most first, in this database alone', async () => {
    const { app, owner } = pair.names;
    const elsewhere = await testPair({ project: pair.dir, db: 'users' });
    for (const [side, user] of [
      [pair.src, app],
      [pair.src, app],
      [pair.src, owner],
      [pair.dst, owner],
      [elsewhere.src, elsewhere.names.app],
    ] as const) {
      clients.push(await side.connect(user));
    }
    const before = await everything(pair);
    const counted = await count();
    expect(counted).toEqual({
      source: { total_connections: 3, by_user: { [app.name]: 2, [owner.name]: 1 } },
      destination: { total_connections: 1, by_user: { [owner.name]: 1 } },
    });
    expect(Object.keys(counted.source.by_user)).toEqual([app.name, owner.name]);
    const run = await pair.beltRaw(['connections', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(
      new RegExp(
        `^shop +src +3 +2 of ${app.name}, 1 of ${owner.name}\n +dst +1 +1 of ${owner.name}\n` +
          `users +src +1 +1 of ${elsewhere.names.app.name}\n +dst +0 +none$`,
        'm',
      ),
    );
    expect(await everything(pair)).toEqual(before);
  });

  it('leaves out whom the command line or the config excludes', async () => {
    const { app, owner } = pair.names;
    expect((await count('-e', app.name)).source.by_user).toEqual({ [owner.name]: 1 });
    expect((await count('-p', 'Own%', '-p', 'App\\_%')).source.by_user).toEqual({});
    pair.config.exclude_users = [owner.name];
    await pair.writeConfig();
    expect(await count()).toMatchObject({ source: { by_user: { [app.name]: 2 } }, destination: NONE });
    delete pair.config.exclude_users;
    pair.config.exclude_patterns = ['App%'];
    await pair.writeConfig();
    expect((await count()).source).toEqual({ total_connections: 1, by_user: { [owner.name]: 1 } });
    delete pair.config.exclude_patterns;
    await pair.writeConfig();
  });

  it('takes any name', async () => {
    const hostile = await testPair({ hostile: true });
    const { app } = hostile.names;
    clients.push(await hostile.dst.connect(app));
    const run = await hostile.belt(['connections', '--json']);
    const { results } = checkedJson(run, connectionsFields, [hostile]);
    expect(results).toMatchObject([{ source: NONE, destination: { by_user: { [app.name]: 1 } } }]);
  });

  it('of a side that is down is a failure', async () => {
    const good = pair.config.dst?.port;
    Object.assign(pair.config.dst ?? {}, { port: 1 });
    await pair.writeConfig();
    const run = await pair.belt(['connections']);
    Object.assign(pair.config.dst ?? {}, { port: good });
    await pair.writeConfig();
    expectFailure(run, { config: pair.config, says: [/destination database .*:1 .*the port is closed/] });
  });
});
