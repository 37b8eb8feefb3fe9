import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { awkwardSchema, markInto, TABLES } from '../harness/awkward.js';
import type { BeltOptions, BeltRun } from '../harness/belt.js';
import {
  expectEqual,
  expectNoReplication,
  holding,
  must,
  until,
  untilBlocked,
  untilReplicating,
  Writer,
} from '../harness/migration.js';
import type { TestNames } from '../harness/names.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Enough rows that their copy, in one statement, takes a while. */
const LARGE = 120_000;

/** Three migrations run side by side on one pair of servers, so each must leave the others' roles alone. */
const MIGRATIONS = [0, 1, 2].map((place) => {
  const id = `${randomBytes(3).toString('hex')}_${String(place)}`;
  return {
    owner: { name: `Owner ${id}`, pw: `owner-${id}` },
    app: { name: `App "${id}"`, pw: `app-${id}` },
    // Of its own, so that setup has it to make.
    pglogical: { name: `pgl ${id}`, pw: `pglogical-${id}` },
  } satisfies Partial<TestNames>;
});

type Command = readonly [string, ...string[]];

/** A way to die. */
interface Kill {
  /** What belt is at when the step that ended last does not tell. */
  readonly at?: string;
  readonly run: (pair: TestPair, belt: (options: BeltOptions) => Promise<BeltRun>) => Promise<BeltRun>;
}

/** Kills so many milliseconds after the line that says that a step has ended: in the middle of the next. */
const after = (matches: RegExp, afterMs = 0): Kill => ({
  run: (_, belt) => belt({ killAtLine: { matches, afterMs } }),
});

/** Kills while a session waits for a lock that somebody else holds. */
const blocked = (side: 'src' | 'dst', lock: (pair: TestPair) => string, application = 'belt %'): Kill => ({
  at: String(lock),
  run: (pair, belt) => holding(pair[side], lock(pair), () => belt({ killOn: untilBlocked(pair[side], application) })),
});

/** Kills when belt touches the folder of the config. */
const savingRoles: Kill = {
  run: async (pair, belt) => {
    const watcher = watch(dirname(pair.configPath));
    const touched = new Promise((resolve) => watcher.once('change', resolve));
    return belt({ killOn: touched }).finally(() => {
      watcher.close();
    });
  },
};

/** Kills while rows are copied: a lock, taken when the table is there, keeps one of them from coming in. */
const copying: Kill = {
  at: 'while rows are copied',
  run: async (pair, belt) => {
    const name = table(pair, 'y');
    let kill: (value?: unknown) => void = () => undefined;
    const running = belt({ killOn: new Promise((resolve) => (kill = resolve)) });
    await until('the tables are there', async () => {
      const [row] = await pair.dst.sql('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
      return row?.['there'] === true;
    });
    // Reading it, as belt does before, is not kept up.
    return holding(pair.dst, `LOCK TABLE ${name} IN SHARE MODE`, async () => {
      await untilBlocked(pair.dst, 'belt setup %');
      kill();
      return running;
    });
  },
};

const table = (pair: TestPair, name: string): string => `${ident(pair.schema)}.${ident(name)}`;
const alterApp = ({ names }: TestPair): string => `ALTER ROLE ${ident(names.app.name)} CONNECTION LIMIT 50`;

/** One death, or one after the other. */
type Kills = Kill | readonly Kill[];

/** For each command ways to die, for each of the three migrations. */
const POINTS: readonly { readonly command: Command; readonly kills: readonly [Kills, Kills, Kills] }[] = [
  {
    command: ['setup'],
    kills: [
      [after(/create role pgl .* on the source \(/, 10), copying],
      // pg_restore outlives belt, and goes on when the lock is gone.
      blocked('dst', () => 'LOCK TABLE pg_catalog.pg_enum IN EXCLUSIVE MODE', 'belt pg_restore'),
      // In the middle of handing over to pglogical.
      after(/build the keys of the tables .*\(/, 5),
    ],
  },
  {
    command: ['setup-back-replication'],
    kills: [
      after(/check that the initial copy is over \(/, 25),
      after(/into replication set pgbelt on the destination \(/, 25),
      after(/create subscription pg2_pg1 .*\(/, 10),
    ],
  },
  {
    command: ['revoke-logins', '--disconnect'],
    kills: [savingRoles, blocked('src', alterApp), after(/take LOGIN from .*\(/, 5)],
  },
  {
    command: ['teardown-forward-replication'],
    kills: [
      after(/check that no session can write .*\(/, 5),
      after(/has applied all that the source has committed \(/, 5),
      // In the middle of dropping the subscription, of which the origin is a part.
      blocked('dst', () => 'LOCK TABLE pg_catalog.pg_replication_origin IN EXCLUSIVE MODE'),
    ],
  },
  {
    command: ['sync'],
    kills: [
      // Copying goes on beside the sequences.
      after(/set the sequences .*\(/, 30),
      blocked('dst', (pair) => `LOCK TABLE ${table(pair, TABLES.quoted)} IN ROW EXCLUSIVE MODE`),
      after(/add the NOT VALID constraints .*\(/, 15),
    ],
  },
  {
    command: ['restore-logins'],
    kills: [
      blocked('src', (pair) => `ALTER SEQUENCE ${table(pair, 'free "one"')} INCREMENT 3`),
      blocked('src', alterApp),
      blocked('src', (pair) => `LOCK TABLE ${table(pair, TABLES.reserved)} IN ACCESS EXCLUSIVE MODE`),
    ],
  },
];

/** The last thing that each killed run had done, by command. */
const middles = new Map<string, string[]>();

/** Runs the command so that it is killed, and then once more, so that it completes. */
async function killedAndRepeated(pair: TestPair, command: Command, kills: readonly Kill[]): Promise<void> {
  for (const kill of kills) await killed(pair, command, kill);
  await must(pair, command);
}

async function killed(pair: TestPair, command: Command, kill: Kill): Promise<void> {
  const run = await kill.run(pair, (options) => pair.belt(command, options));
  expect(run.signal, `not killed in the middle\n${run.text}`).toBe('SIGKILL');
  expect(run.stdout, run.text).toBe('');
  const ended = [...run.stderr.matchAll(/: (?:ok|skipped) +([^(]+) \(/g)].map(([, title]) => title);
  middles.set(command[0], [...(middles.get(command[0]) ?? []), `${ended.at(-1) ?? 'nothing'} ${kill.at ?? ''}`]);
}

describe.concurrent('killed in the middle of each of its commands, a migration goes on and loses nothing', () => {
  it.each(MIGRATIONS.map((names, place) => ({ names, place })))(
    'points number $place',
    { timeout: 180_000 },
    async ({ names, place }) => {
      const others = MIGRATIONS.filter((one) => one !== names).flatMap((one) => Object.values(one));
      const pair = await testPair({
        names,
        srcSql: (all) => awkwardSchema(all, LARGE),
        config: (config) => (config.exclude_users = others.map(({ name }) => name)),
      });
      await pair.src.disconnect();
      const noLogin = `Silent ${names.owner.name}`;
      await pair.src.sql(`CREATE ROLE ${ident(noLogin)} NOLOGIN`);
      const writer = await Writer.start(pair.src, markInto(pair.names), { connections: 2, pauseMs: 10 });
      try {
        for (const { command, kills } of POINTS) {
          const own = kills[place];
          if (own === undefined) throw new Error('no such point');
          if (command[0] === 'restore-logins') await atTheDestination(pair);
          await killedAndRepeated(pair, command, [own].flat());
          if (command[0] === 'setup') await untilReplicating(pair.dst, 'pg1_pg2');
          if (command[0] === 'revoke-logins') await writer.stop();
        }
      } finally {
        await writer.stop();
      }
      expect(writer.acknowledged.length).toBeGreaterThan(10);
      const rows = await pair.dst.sql<{ mark: string }>(
        `SELECT "The Mark" AS mark FROM ${table(pair, TABLES.reserved)} WHERE "The Mark" LIKE 'w%'`,
      );
      expect(new Set(rows.map(({ mark }) => mark))).toEqual(new Set(writer.acknowledged));
      await (await pair.src.connect(pair.names.app)).end();
      const [silent] = await pair.src.sql(`SELECT rolcanlogin FROM pg_roles WHERE rolname = $1`, [noLogin]);
      expect(silent).toEqual({ rolcanlogin: false });
      await expectNoReplication(pair);
      // One killed while it saved the roles may have left what it was writing, passwords included.
      const folder = dirname(pair.configPath);
      for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    },
  );
});

/** After sync: the proof; then rows at the destination arrive on the source, and back replication ends. */
async function atTheDestination(pair: TestPair): Promise<void> {
  await expectEqual(pair);
  await pair.dst.sql(markInto(pair.names), ['after the cutover']);
  await until('the row comes back to the source', async () => {
    const sql = `SELECT FROM ${table(pair, TABLES.reserved)} WHERE "The Mark" = 'after the cutover'`;
    return (await pair.src.sql(sql)).length === 1;
  });
  await must(pair, ['teardown-back-replication']);
}

it('was killed at different points of each', () => {
  for (const { command, kills } of POINTS) {
    const ended = middles.get(command[0]) ?? [];
    expect(new Set(ended).size, `${command[0]}: ${ended.join('; ')}`).toBe(kills.flat().length);
  }
});
