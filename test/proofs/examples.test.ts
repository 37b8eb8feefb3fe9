import { beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import { untilReplicating } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';
import { documentedPair, type } from '../harness/typing.js';

/** Every example of every command is typed, word for word. */

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
  'belt setup testdatacenter1 database1 --accept large-objects': 'test/integration/precheck-findings.test.ts',
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
    pair = await documentedPair();
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
