import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import { fileBlocks, readDocuments, runnableSeries, unrunBlocks } from '../docs/blocks.js';
import { buildBelt } from '../harness/belt.js';
import { replicate } from '../harness/commands.js';
import { must, untilReplicating } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Everything that the documents tell to type is typed, word for word, in the state that they are about. */

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));
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

/** How to come to the states that the documents name. */
const STATES: Readonly<Record<string, (pair: TestPair) => Promise<void>>> = {
  /** A project folder without configs. */
  empty: (pair) => rename(join(pair.dir, 'configs'), join(pair.dir, 'put away')),
  /** A project whose config a resolver will fetch: the document shows the files, but for what the resolver asks. */
  remote: async (pair) => {
    await rename(join(pair.dir, 'configs'), join(pair.dir, 'put away'));
    for (const { name, content } of fileBlocks(documents.get('docs/resolvers.md') ?? '')) {
      await mkdir(dirname(join(pair.dir, name)), { recursive: true });
      await writeFile(join(pair.dir, name), content);
    }
    const { dc, db, config } = pair;
    const { src, dst } = config;
    await writeFile(join(pair.dir, 'inventory.json'), JSON.stringify({ [dc]: { [db]: { src, dst } } }));
  },
  /** The example's folder, with these servers in the files that stand for AWS. */
  'aws-resolver': async (pair) => {
    await rename(join(pair.dir, 'configs'), join(pair.dir, 'put away'));
    await cp(new URL('../../docs/examples/aws-resolver', import.meta.url), pair.dir, { recursive: true });
    const sides = [['shop-old', pair.config.src] as const, ['shop-new', pair.config.dst] as const];
    const instances = sides.map(([id, side]) => ({
      DBInstanceIdentifier: id,
      DBInstanceStatus: 'available',
      Endpoint: { Address: side?.host, Port: side?.port },
    }));
    const secrets = sides.flatMap(([id, side]) =>
      (['root', 'owner', 'pglogical'] as const).map((role) => {
        const user = side?.[`${role}_user`];
        return [`${id}/${role}`, { username: user?.name, password: user?.pw, dbname: side?.db }] as const;
      }),
    );
    await writeFile(join(pair.dir, 'aws/instances.json'), JSON.stringify({ DBInstances: instances }));
    await writeFile(join(pair.dir, 'aws/secrets.json'), JSON.stringify(Object.fromEntries(secrets)));
  },
  fresh: () => Promise.resolve(),
  replicating: (pair) => replicate(pair),
  'logins-revoked': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
  },
  'cut-over': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
  },
};

/** How to come from the end of one part of a series to the next one. */
const THEN: typeof STATES = {
  'as-it-is': () => Promise.resolve(),
  down: async (pair) => {
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
  },
};

const documents = await readDocuments();
const series = [...documents].flatMap(([name, text]) =>
  runnableSeries(text).map(({ parts }) => ({ name, state: parts.map((part) => part.state).join(', then '), parts })),
);

/** What is not run here, with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run demo': 'the demo is a proof of its own',
  'npm test': 'this is it',
  'npm install -g .': 'would change the machine',
};

describe('the documents', () => {
  // The longest is a whole migration.
  it.each(series)(
    '$name, from state $state',
    async ({ parts }) => {
      const pair = await testPair({ ...NAMES, srcSql: SHOP });
      for (const [place, { state, blocks }] of parts.entries()) {
        const reach = (place === 0 ? STATES : THEN)[state];
        if (reach === undefined) throw new Error(`no one knows how to come to state "${state}"`);
        expect(blocks.length).toBeGreaterThan(0);
        await reach(pair);
        for (const block of blocks) await type(pair, block);
      }
    },
    180_000,
  );

  it.each([...documents])('%s tells to type nothing that is not run', (name, text) => {
    // The examples of the commands are run below.
    if (name === 'docs/commands.md') return;
    expect(unrunBlocks(text).map((block) => block.trim())).toEqual(name === 'README.md' ? Object.keys(NOT_RUN) : []);
  });
});

/** An example's line, or one with which something else has to be done than to type it and expect exit code 0. */
type Example =
  string | { readonly line: string; readonly dryRun?: true; readonly exitCode?: number; readonly why: string };

interface Act {
  readonly title: string;
  /** What has to happen first, for which there is no example. */
  readonly before?: (pair: TestPair) => Promise<void>;
  /** They change nothing, so their order does not matter. */
  readonly looking?: true;
  readonly examples: readonly Example[];
}

const T = 'testdatacenter1 database1';

/** Every example of every command, in the order in which one pair of databases can go through them. */
const ACTS: readonly Act[] = [
  {
    title: 'in a project folder, whatever is on the servers',
    looking: true,
    examples: [
      `belt check-connectivity testdatacenter1`,
      `belt check-connectivity ${T} --json`,
      `belt precheck ${T}`,
      `belt precheck testdatacenter1`,
      `belt check-pkeys ${T}`,
      `belt src-dsn ${T} --owner`,
      `psql "$(belt src-dsn ${T})"`,
      `belt dst-dsn ${T} --owner`,
      `psql "$(belt dst-dsn ${T})"`,
      `belt connections testdatacenter1`,
      `belt connections ${T} -e reporting -p 'backup%'`,
      `belt list`,
      `belt list testdatacenter1 --json`,
      `belt schema > config.schema.json`,
      `belt schema status`,
      `belt completion bash >> ~/.bashrc`,
      `belt completion fish > ~/.config/fish/completions/belt.fish`,
      { line: `belt init ${T}`, exitCode: 2, why: 'it asks, and there is no terminal; init.test.ts answers it' },
      {
        line:
          `belt init ${T} --src postgres://root@old.example.com/shop --src-owner shop_owner ` +
          "--src-root-pw-env SRC_ROOT --src-owner-pw-env SRC_OWNER --dst 'postgres://root@new.example.com/shop?sslmode=require' " +
          '--dst-root-pw-env DST_ROOT --dst-owner-pw-env DST_OWNER',
        exitCode: 1,
        why: 'there is a config, which must stay; README.md has it in an empty folder',
      },
      `belt setup ${T} --dry-run`,
    ],
  },
  {
    title: 'the schema, step by step',
    examples: [
      `belt dump-schema ${T}`,
      `belt dump-schema ${T} --force`,
      `belt load-schema ${T}`,
      `belt remove-constraints ${T}`,
      `belt remove-indexes ${T} --dry-run`,
      `belt remove-indexes ${T}`,
    ],
  },
  {
    title: 'replication',
    examples: [
      `belt setup ${T}`,
      `belt wait ${T} --for replicating --timeout 6h`,
      `belt setup-back-replication ${T}`,
      `belt create-indexes ${T}`,
      `belt load-constraints ${T}`,
      `belt analyze ${T}`,
      `belt sync-tables ${T} --table log --table "Old Orders"`,
      { line: `belt reset ${T} --force`, dryRun: true, why: 'it would end replication' },
      { line: `belt revoke-logins ${T} -e reporting -p 'backup%'`, dryRun: true, why: 'the downtime comes below' },
    ],
  },
  {
    title: 'looking at replication',
    looking: true,
    before: async (pair) => {
      await untilReplicating(pair.dst, 'pg1_pg2');
      await untilReplicating(pair.src, 'pg2_pg1');
    },
    examples: [
      `belt status testdatacenter1`,
      `belt status ${T} --json`,
      `belt status ${T} --watch`,
      `belt wait testdatacenter1 --for caught-up --timeout 10m`,
      `belt wait ${T} --for caught-up --back`,
      `belt doctor ${T}`,
      `belt doctor ${T} --fix --dry-run`,
      `belt doctor testdatacenter1 --fix`,
      `belt diff-schemas ${T}`,
      `belt validate-data ${T}`,
      `belt validate-data ${T} --full --table orders`,
      `belt reset ${T} --dry-run`,
    ],
  },
  {
    title: 'the downtime',
    examples: [
      `belt revoke-logins ${T} --disconnect`,
      `belt teardown-forward-replication ${T}`,
      `belt sync-sequences ${T}`,
      `belt sync-sequences ${T} --stride 1000`,
      `belt sync-tables ${T}`,
      `belt sync ${T} --no-schema`,
      `belt sync ${T}`,
      `belt diff-sequences ${T}`,
      `belt diff-schemas testdatacenter1 --full`,
    ],
  },
  {
    title: 'after it',
    examples: [
      `belt teardown-back-replication ${T}`,
      `belt restore-logins ${T}`,
      `belt cleanup-previous-config ${T}`,
      `belt teardown ${T}`,
      `belt teardown ${T} --full`,
    ],
  },
];

/** Examples that are not typed here, with the test that does it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'belt sandbox up': 'test/integration/sandbox.test.ts',
  'belt sandbox down': 'test/integration/sandbox.test.ts',
};

describe('the examples of the commands', () => {
  const lineOf = (example: Example): string => (typeof example === 'string' ? example : example.line);

  it('are all run', () => {
    const examples = registry.flatMap((spec) => spec.examples.map(({ line }) => line));
    const run = ACTS.flatMap((act) => act.examples.map(lineOf));
    expect([...run, ...Object.keys(ELSEWHERE)].sort()).toEqual(examples.sort());
  });

  let pair: TestPair;
  beforeAll(async () => {
    pair = await testPair({ ...NAMES, srcSql: SHOP });
  });

  it.each(ACTS)('$title', async ({ before, looking = false, examples }) => {
    await before?.(pair);
    const work = examples.map((example) => async () => {
      const { line, dryRun = false, exitCode = 0 } = typeof example === 'string' ? { line: example } : example;
      await type(pair, endless(dryRun ? `${line} --dry-run` : line), exitCode);
    });
    if (looking) await atOnce(work, 3);
    else for (const one of work) await one();
  });
});

/** A command that looks on until somebody ends it, as Ctrl-C does after some seconds; its own exit code counts. */
function endless(line: string): string {
  return line.includes('--watch') ? `timeout --foreground --preserve-status --signal=INT 4 ${line}` : line;
}

async function atOnce(work: readonly (() => Promise<void>)[], limit: number): Promise<void> {
  const left = [...work];
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await one();
    }),
  );
}

/** Runs a block as a shell would, with `belt` on the PATH and a home of its own. @throws when it ends otherwise than expected */
async function type(pair: TestPair, block: string, expected = 0): Promise<void> {
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

afterAll(async () => {
  if (made !== undefined) await rm(dirname((await made).bin), { recursive: true, force: true });
});

function machine(): Promise<{ bin: string; home: string }> {
  made ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'belt-docs-'));
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
