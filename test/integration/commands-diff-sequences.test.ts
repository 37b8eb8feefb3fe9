import { beforeAll, describe, expect, it } from 'vitest';
import { diffSequencesFields } from '../../src/results/diff-sequences.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { ARRIVED, SEQUENCES, USED } from './sequences.sql.js';

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  const options = { srcSql: SEQUENCES + USED, dstSql: SEQUENCES + ARRIVED };
  pair = await testPair(options);
  second = await testPair({ ...options, hostile: true, project: pair.dir, db: 'users' });
});

/** The reasons by sequence, and which are well. */
async function judged(of: TestPair): Promise<{ wrong: Record<string, string>; ok: string[]; result: string }> {
  const run = await of.belt(['diff-sequences', '--json']);
  const [row] = checkedJson(run, diffSequencesFields, [of]).results;
  if (row === undefined || !('sequences' in row)) throw new Error(run.text);
  expect(row.success).toBe(row.result === 'match');
  for (const one of row.sequences) expect(one.destination_ok).toBe(one.reason === null);
  const wrong = row.sequences.filter(({ destination_ok }) => !destination_ok);
  return {
    wrong: Object.fromEntries(wrong.map(({ name, reason }) => [name, reason ?? ''])),
    ok: row.sequences.filter(({ destination_ok }) => destination_ok).map(({ name }) => name),
    result: row.result,
  };
}

describe('belt diff-sequences', () => {
  it('judges each sequence by what it would give out next', async () => {
    const before = await everything(second);
    for (const one of [pair, second]) {
      expect(await judged(one)).toEqual({
        result: 'mismatch',
        // One stands further than the source's; the others were never called on either side.
        ok: ['ahead', 'untouched', 'zero_id_seq'],
        wrong: {
          'Order Details_No_seq': 'would next give out 2, but the source has given out 5',
          'Order Details_id_seq': 'would next give out 1, but rows on the destination hold 900 already',
          // It counts down.
          down_id_seq: 'would next give out 1000, but rows on the destination hold 996 already',
          huge: 'would next give out 1, but the source has given out 9223372036854775000',
          // The same value on both sides, but the source has given it out.
          once: 'would next give out 1, but the source has given out 1',
          round: "cycles, and does not stand where the source's stands",
          shared: 'would next give out 1, but rows on the destination hold 7 already',
          texts: 'would next give out 1, but the source has given out 2',
          "x'; DROP TABLE y; --": 'would next give out 1, but the source has given out 51',
        },
      });
    }
    expect(await everything(second)).toEqual(before);
  });

  it('fails in the table as well, naming the sequences, with what to do', async () => {
    const run = await pair.belt(['diff-sequences']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /9 of 12 sequences of schema "Shop Data" are not fit to go on on the destination database/,
        /"Order Details_No_seq" would next give out 2, but the source has given out 5;.* and 6 more/,
        /\[step diff-sequences\]/,
        /belt sync-sequences/,
      ],
    });
    expect(run.stdout).toMatch(/^ +ahead +5 +50 +ok$/m);
    expect(run.stdout).toMatch(/^ +once +1 +1 +would next give out 1/m);
  });

  it('finds nothing after sync-sequences, on every database', async () => {
    expectSuccess(await pair.beltRaw(['sync-sequences', pair.dc]));
    expectSuccess(await pair.beltRaw(['diff-sequences', pair.dc]));
    for (const one of [pair, second]) expect((await judged(one)).result).toBe('match');
  });

  it('sees one step back, upwards and downwards, and takes a step ahead for well', async () => {
    await pair.dst.ownerSql(`SELECT setval('ahead', 4), setval('down_id_seq', 997), setval('once', 1, false)`);
    expect((await judged(pair)).wrong).toEqual({
      ahead: 'would next give out 5, but the source has given out 5',
      down_id_seq: 'would next give out 996, but rows on the destination hold 996 already',
      once: 'would next give out 1, but the source has given out 1',
    });
    await pair.dst.ownerSql(`SELECT setval('ahead', 5), setval('down_id_seq', 995), setval('once', 2)`);
    expect((await judged(pair)).result).toBe('match');
  });

  it('names one that is missing on the destination', async () => {
    await second.dst.ownerSql(`DROP SEQUENCE "x'; DROP TABLE y; --", untouched`);
    expect((await judged(second)).wrong).toEqual({
      untouched: 'is not on the destination',
      "x'; DROP TABLE y; --": 'is not on the destination',
    });
    const run = await second.belt(['diff-sequences']);
    expect(run.stdout).toMatch(/^ +untouched +7 +missing +is not on the destination$/m);
    expect(run.exitCode).toBe(1);
  });

  it('looks only at those that the config names, and names those that are not there', async () => {
    second.config.sequences = ['huge'];
    await second.writeConfig();
    expect(await judged(second)).toEqual({ wrong: {}, ok: ['huge'], result: 'match' });
    second.config.sequences = ['Huge', 'nowhere'];
    await second.writeConfig();
    expectFailure(await second.belt(['diff-sequences']), {
      config: second.config,
      says: [/"Huge" \(did you mean "huge"\?\), "nowhere"/],
    });
  });
});
