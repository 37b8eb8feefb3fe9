import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { must } from '../harness/migration.js';
import type { TestUser } from '../harness/names.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

const COMMAND = 'cleanup-previous-config';

const ownRole = (): TestUser => {
  const id = randomBytes(4).toString('hex');
  return { name: `Pgl "${id}"`, pw: `pglogical-${id}` };
};

/** What pglogical and belt have in a database. */
async function leftovers(side: TestDatabase): Promise<unknown[]> {
  const rows = await side.sql<{ what: string }>(
    `SELECT 'trigger ' || tgname AS what FROM pg_trigger WHERE tgname LIKE 'queue_truncate%'
     UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
     UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname IN ('pglogical', 'belt')
     UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname = $1`,
    [side.names.pglogical.name],
  );
  return rows.map(({ what }) => what);
}

/** A migration whose source is the destination of an earlier one. */
async function secondMigration(earlier: TestPair): Promise<TestPair> {
  return testPair({
    project: earlier.dir,
    db: 'next',
    names: { schema: earlier.schema, pglogical: earlier.names.pglogical, owner: earlier.names.owner },
    config: (config) => {
      config.src = earlier.config.dst;
    },
  });
}

describe('belt cleanup-previous-config', () => {
  let earlier: TestPair;
  let next: TestPair;
  let role: string;

  beforeAll(async () => {
    earlier = await testPair({ hostile: true, srcSql: ORDERS });
    role = `role ${earlier.names.pglogical.name}`;
    next = await secondMigration(earlier);
    await replicate(earlier, 'both');
    await Promise.all([earlier.src.disconnect(), earlier.dst.disconnect()]);
  });

  it('is refused while a migration is under way, and changes nothing', async () => {
    const before = await everything(earlier);
    const run = await next.belt([COMMAND]);
    expectFailure(run, {
      config: next.config,
      says: [
        /a migration is under way on the source database .*: subscription pg1_pg2 is replicating; a subscriber reads slot pgl_\S+_pg2_pg2_pg1/,
        /belt teardown/,
      ],
    });
    expectFailure(await earlier.belt([COMMAND]), { config: earlier.config, says: [/subscriber reads slot/] });
    expect(await everything(earlier)).toEqual(before);
  });

  it('removes what an earlier migration left, of which setup speaks; then setup works', async () => {
    await must(earlier, ['revoke-logins', '--disconnect', '-e', earlier.names.root.name]);
    await must(earlier, ['teardown-forward-replication']);
    await must(earlier, ['sync']);
    await must(earlier, ['teardown-back-replication']);
    const setup = await next.belt(['setup']);
    expectFailure(setup, {
      config: next.config,
      says: [/src: node pg2 is what pglogical calls the database already, and not pg1/, /belt cleanup-previous-config/],
    });

    const before = await everything(earlier);
    const planned = checkedJson(await next.belt([COMMAND, '--dry-run', '--json']), detailFields, [next]);
    expect(planned.results[0]?.steps.find(({ name }) => name === 'drop-node-src')?.status).toBe('planned');
    expect(await everything(earlier)).toEqual(before);

    const cleaned = checkedJson(await next.belt([COMMAND, '--json']), detailFields, [next]);
    // Nobody else on the server uses the role: setup has not begun with the destination, which is there too.
    expect(cleaned.results[0]?.steps.find(({ name }) => name === 'drop-role-src')?.status).toBe('ok');
    expect(await leftovers(earlier.dst)).toEqual(['schema pglogical']);
    const again = checkedJson(await next.belt([COMMAND, '--json']), detailFields, [next]);
    const work = again.results.flatMap(({ steps }) => steps.filter(({ name }) => !name.startsWith('check-')));
    expect(work.length).toBeGreaterThan(7);
    expect(work.filter(({ status }) => status !== 'skipped')).toEqual([]);

    expectSuccess(await next.belt(['setup']));
    await waitForStatus(next, 'replicating');
    const table = `${ident(next.schema)}."Order Details"`;
    expect(await next.dst.sql(`SELECT FROM ${table}`)).toHaveLength(20);
  });

  it('is refused for the migration that the config describes, its destination down or not', async () => {
    await next.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    const idle = () =>
      earlier.dst.sql('SELECT FROM pg_replication_slots WHERE database = current_database() AND NOT active');
    await expect.poll(idle, { timeout: 20_000 }).toHaveLength(1);
    const before = await leftovers(earlier.dst);
    const run = await next.belt([COMMAND]);
    expectFailure(run, { config: next.config, says: [/slot pgl_\S+ feeds the destination of this config/] });
    expect(await leftovers(earlier.dst)).toEqual(before);
  });

  it('--full --force ends that too, and leaves nothing', async () => {
    await next.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
    await waitForStatus(next, 'replicating');
    expectSuccess(await next.belt([COMMAND, '--full', '--force']));
    expect(await leftovers(earlier.dst)).toEqual([role]);
  });
});

describe('belt cleanup-previous-config where things are worse', () => {
  it('drops a subscription whose provider is long gone', async () => {
    const earlier = await testPair({ srcSql: ORDERS, names: { pglogical: ownRole() } });
    const next = await secondMigration(earlier);
    await replicate(earlier);
    await Promise.all([earlier.src.disconnect(), earlier.dst.disconnect()]);
    await earlier.dst.sql(
      `UPDATE pglogical.node_interface SET if_dsn = 'host=127.0.0.1 port=1 dbname=gone user=gone'
        WHERE if_nodeid = (SELECT node_id FROM pglogical.node WHERE node_name = 'pg1')`,
    );
    await earlier.src.sql(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active',
    );
    const down = async () =>
      (await earlier.dst.sql<{ status: string }>('SELECT status FROM pglogical.show_subscription_status()'))[0]?.status;
    await expect.poll(down, { timeout: 30_000 }).toBe('down');
    expectSuccess(await next.belt([COMMAND, '--full']));
    expect(await leftovers(earlier.dst)).toEqual([]);
  });

  it('leaves what is somebody else’s, naming it; --force removes it', async () => {
    const pair = await testPair({ srcSql: ORDERS, names: { pglogical: ownRole() } });
    await pair.src.sql(
      `CREATE EXTENSION pglogical; SELECT pglogical.create_node('The warehouse', 'host=127.0.0.1 port=1 dbname=x');
       SELECT pglogical.replication_set_add_table('default', '"Shop Data"."Order Details"')`,
    );
    const before = await everything(pair);
    const run = await pair.belt([COMMAND]);
    expectFailure(run, {
      config: pair.config,
      says: [
        /pglogical serves something else in the source database .*: node "The warehouse", replication set "default"/,
      ],
    });
    expect(await everything(pair)).toEqual(before);
    expectFailure(await pair.belt(['setup']), {
      config: pair.config,
      says: [/src: node The warehouse is what pglogical calls/, /cleanup-previous-config --force/],
    });
    expectSuccess(await pair.belt([COMMAND, '--force', '--full']));
    // setup had made the role before it came to the node.
    expect(await leftovers(pair.src)).toEqual([]);
    expectSuccess(await pair.belt(['setup']));
    await waitForStatus(pair, 'replicating');
  });

  it('killed in the middle, it completes when run again; without a destination in the config too', async () => {
    const pair = await testPair({ srcSql: ORDERS, names: { pglogical: ownRole() } });
    await replicate(pair);
    pair.config.dst = null;
    await pair.writeConfig();
    const killed = await pair.belt([COMMAND, '--force', '--full'], {
      killAtLine: { matches: /drop replication set pgbelt on the source \(/, afterMs: 15 },
    });
    expect(killed.signal, killed.text).toBe('SIGKILL');
    expectSuccess(await pair.belt([COMMAND, '--force', '--full']));
    expect(await leftovers(pair.src)).toEqual([]);
  });
});
