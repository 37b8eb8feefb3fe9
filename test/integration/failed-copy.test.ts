import { beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess, waitForStatus } from '../harness/commands.js';
import { testPair, type TestPair } from '../harness/pair.js';

const TABLES = `
  CREATE TABLE first (id int PRIMARY KEY);
  CREATE TABLE last (id int PRIMARY KEY);`;
const ROWS = `
  INSERT INTO first SELECT generate_series(1, 100);
  INSERT INTO last SELECT generate_series(1, 10);`;

/** pglogical rolls the whole copy back when a row is refused, and calls it done all the same. */
describe('an initial copy that fails', () => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({ srcSql: TABLES + ROWS, dstSql: `${TABLES} ALTER TABLE last ADD CHECK (id < 5);` });
    // A copy as short as this one may have failed before setup ends: then setup says so itself.
    await pair.belt(['setup', '--no-schema', '--copy', 'pglogical']);
  });

  it('is seen, whatever pglogical says of it', async () => {
    await waitForStatus(pair, 'down');
    expect(await pair.dst.ownerSql('SELECT FROM first')).toEqual([]);
    const run = await pair.belt(['status']);
    expect(run.exitCode, run.text).toBe(1);
    expect(run.stderr).toContain('the initial copy failed and was rolled back');
  });

  it('keeps back replication from being set up and forward replication from being ended', async () => {
    await pair.src.disconnect();
    for (const command of ['setup-back-replication', 'teardown-forward-replication'] as const) {
      const run = await pair.belt([command]);
      expect(run.exitCode, run.text).toBe(1);
      expect(run.stderr).toContain('the initial copy failed and was rolled back');
    }
  });

  it('can be made anew as the message says, and leaves nothing of the proof behind in the end', async () => {
    expectSuccess(await pair.belt(['teardown-forward-replication', '--force']));
    await pair.dst.ownerSql('ALTER TABLE last DROP CONSTRAINT last_id_check');
    await pair.dst.ownerSql('TRUNCATE first, last');
    expectSuccess(await pair.belt(['setup', '--no-schema', '--copy', 'pglogical']));
    await waitForStatus(pair, 'replicating');
    expect(await pair.dst.ownerSql('SELECT FROM first')).toHaveLength(100);
    await pair.src.disconnect();
    expectSuccess(await pair.belt(['revoke-logins', '--disconnect']));
    expectSuccess(await pair.belt(['teardown-forward-replication']));
    for (const side of [pair.src, pair.dst]) {
      expect(await side.sql(`SELECT FROM pg_namespace WHERE nspname = 'belt'`)).toEqual([]);
    }
    expectSuccess(await pair.belt(['restore-logins']));
  });
});
