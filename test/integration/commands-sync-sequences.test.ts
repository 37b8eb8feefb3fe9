import { beforeAll, describe, expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { syncSequencesFields } from '../../src/results/sync-sequences.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { ARRIVED, SEQUENCES, USED } from './sequences.sql.js';

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  const options = { srcSql: SEQUENCES + USED, dstSql: SEQUENCES + ARRIVED };
  pair = await testPair(options);
  second = await testPair({ ...options, hostile: true, project: pair.dir, db: 'users' });
});

/** Where every sequence of the destination stands. */
async function standing(of: TestPair): Promise<Record<string, string>> {
  const names = await of.dst.sql<{ name: string }>(
    `SELECT sequencename AS name FROM pg_sequences WHERE schemaname = ${literal(of.schema)} ORDER BY 1`,
  );
  const states: Record<string, string> = {};
  for (const { name } of names) {
    const [state] = await of.dst.ownerSql<{ at: string }>(
      `SELECT last_value || CASE WHEN is_called THEN '' ELSE ' to come' END AS at FROM ${ident(name)}`,
    );
    states[name] = state?.at ?? '';
  }
  return states;
}

const BEFORE = {
  'Order Details_No_seq': '1',
  'Order Details_id_seq': '1 to come',
  ahead: '50',
  down_id_seq: '1000 to come',
  huge: '1 to come',
  once: '1 to come',
  round: '9',
  shared: '1 to come',
  texts: '1 to come',
  untouched: '7 to come',
  // The only row has the key 0, which the sequence cannot reach.
  zero_id_seq: '1 to come',
  "x'; DROP TABLE y; --": '1 to come',
};

const AFTER = {
  'Order Details_No_seq': '5',
  'Order Details_id_seq': '900',
  ahead: '50',
  down_id_seq: '996',
  huge: '9223372036854775000',
  once: '1',
  round: '3',
  // Two tables take their keys from it.
  shared: '7',
  // Its column is a text, of which there is no highest number.
  texts: '2',
  untouched: '7 to come',
  // The only row has the key 0, which the sequence cannot reach.
  zero_id_seq: '1 to come',
  "x'; DROP TABLE y; --": '51',
};

describe('belt sync-sequences', () => {
  it('--dry-run says where each would be set, and changes nothing', async () => {
    const before = await everything(pair);
    const run = await pair.belt(['sync-sequences', '--dry-run', '--json']);
    const { results } = checkedJson(run, syncSequencesFields, [pair]);
    expect(results).toMatchObject([
      {
        success: true,
        pk_sequences: [
          { name: 'Order Details_id_seq', synced: false, skipped_reason: 'only planned: would be set to 900' },
          { name: 'down_id_seq', synced: false, skipped_reason: 'only planned: would be set to 996' },
          { name: 'shared', synced: false, skipped_reason: 'only planned: would be set to 7' },
          { name: 'zero_id_seq', synced: false, skipped_reason: 'already at or past the value needed' },
        ],
      },
    ]);
    expect(results[0]?.steps.at(-1)).toMatchObject({ name: 'sync-sequences', status: 'planned' });
    expect((await pair.belt(['sync-sequences', '--dry-run'])).stdout).toMatch(/^ +huge .*would be set to 92233/m);
    expect(await everything(pair)).toEqual(before);
    expect(await standing(pair)).toEqual(BEFORE);
  });

  it('names what the destination lacks, and what does not fit there, and sets nothing', async () => {
    await pair.dst.ownerSql('ALTER SEQUENCE once RENAME TO twice; ALTER SEQUENCE untouched RENAME TO "Untouched"');
    const lacking = await pair.belt(['sync-sequences']);
    expectFailure(lacking, {
      config: pair.config,
      says: [/destination database .* lacks sequences of the source .*: "once", "untouched"/, /Load the schema/],
    });
    await pair.dst.ownerSql('ALTER SEQUENCE twice RENAME TO once; ALTER SEQUENCE "Untouched" RENAME TO untouched');
    await pair.dst.ownerSql(
      'ALTER SEQUENCE huge MAXVALUE 100; ALTER SEQUENCE once INCREMENT -1 MINVALUE -9 MAXVALUE 9',
    );
    for (const words of [['sync-sequences'], ['sync-sequences', '--dry-run']] as const) {
      expectFailure(await pair.belt(words), {
        config: pair.config,
        says: [/"huge" must stand at 9223372036854775000, but goes from 1 to 100/, /"once" counts down, .* counts up/],
      });
    }
    await pair.dst.ownerSql('ALTER SEQUENCE huge NO MAXVALUE; ALTER SEQUENCE once INCREMENT 1 NO MAXVALUE NO MINVALUE');
    expect(await standing(pair)).toEqual(BEFORE);
  });

  it('sets those of every database: never backwards, never below the source or the rows', async () => {
    const run = await pair.beltRaw(['sync-sequences', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +Order Details_id_seq +yes +5 +900 +set: the highest number/m);
    expect(run.stdout).toMatch(/^ +x'; DROP TABLE y; -- +no +51 +51 +set: the source's value/m);
    for (const one of [pair, second]) expect(await standing(one)).toEqual(AFTER);
    const [next] = await second.dst.ownerSql(
      `SELECT nextval('"Order Details_id_seq"') AS id, nextval('down_id_seq') AS down, nextval('once') AS once,
              nextval('shared') AS shared, nextval('texts') AS texts, nextval('zero_id_seq') AS zero`,
    );
    expect(next).toEqual({ id: '901', down: '995', once: '2', shared: '8', texts: '3', zero: '1' });
  });

  it('finds all done the second time, also when the destination has gone on', async () => {
    const run = await second.belt(['sync-sequences', '--json']);
    const [row] = checkedJson(run, syncSequencesFields, [second]).results;
    if (row === undefined || !('pk_sequences' in row)) throw new Error(run.text);
    const all = [...row.pk_sequences, ...row.non_pk_sequences];
    expect(all.filter(({ synced }) => synced)).toEqual([]);
    expect(all.map(({ skipped_reason }) => skipped_reason)).not.toContain(null);
    expect(all.find(({ name }) => name === 'huge')?.source_value).toBe('9223372036854775000');
    expect(await standing(second)).toEqual({
      ...AFTER,
      'Order Details_id_seq': '901',
      down_id_seq: '995',
      once: '2',
      shared: '8',
      texts: '3',
      zero_id_seq: '1',
    });
  });

  it('leaves a gap with --stride, but not behind a key', async () => {
    const run = await pair.belt(['sync-sequences', '--stride', '100', '--json']);
    checkedJson(run, syncSequencesFields, [pair]);
    expect(await standing(pair)).toMatchObject({
      ...AFTER,
      'Order Details_No_seq': '105',
      ahead: '105',
      huge: '9223372036854775100',
      once: '101',
      texts: '102',
      untouched: '107 to come',
      "x'; DROP TABLE y; --": '151',
    });
    const wrong = await pair.belt(['sync-sequences', '--stride', '-1']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/--stride.*whole number from 0/);
  });

  it('does not set one back that goes further while it is at work', async () => {
    await pair.src.ownerSql(`SELECT setval('"Order Details_id_seq"', 2000), setval('once', 300)`);
    const run = await holding(pair.dst, `LOCK TABLE ${ident(pair.schema)}."Order Details"`, async () => {
      // It wants the highest key of the table.
      const running = pair.belt(['sync-sequences', '--json']);
      await untilBlocked(pair.dst, 'belt sync-sequences%');
      await pair.dst.ownerSql(`SELECT setval('"Order Details_id_seq"', 3000)`);
      return { running };
    });
    const { results } = checkedJson(await run.running, syncSequencesFields, [pair]);
    expect(results[0]).toMatchObject({
      pk_sequences: {
        0: { name: 'Order Details_id_seq', synced: false, skipped_reason: 'has gone further meanwhile' },
      },
    });
    expect(await standing(pair)).toMatchObject({ 'Order Details_id_seq': '3000', once: '300' });
  });

  it('warns that the values move on while somebody can write on the source', async () => {
    const app = await pair.src.connect(pair.names.app);
    const run = await pair.belt(['sync-sequences']);
    await app.end();
    expectSuccess(run);
    expect(run.stderr).toMatch(/WARNING: .*1 of App_.*: the sequences that they use move on; run this again/);
  });

  it('fails when the source has no such schema', async () => {
    second.config.schema_name = 'No Such';
    await second.writeConfig();
    expectFailure(await second.belt(['sync-sequences']), {
      config: second.config,
      says: [/source database .* has no schema "No Such" \[step check-schema\]/, /"schema_name"/],
    });
  });
});
