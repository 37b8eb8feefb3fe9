import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { testPair, type TestPair } from '../harness/pair.js';

const SEQUENCE = 'CREATE TABLE t (id int PRIMARY KEY); CREATE SEQUENCE numbers';

let pair: TestPair;
let second: TestPair;

const login = async (of: TestPair): Promise<boolean[]> => {
  const rows = await of.src.sql<{ on: boolean }>(
    'SELECT rolcanlogin AS on FROM pg_roles WHERE rolname = ANY ($1) ORDER BY rolname',
    [[of.names.owner.name, of.names.app.name]],
  );
  return rows.map(({ on }) => on);
};

const restore = async (...options: string[]) => {
  const { results } = checkedJson(await pair.belt(['restore-logins', '--json', ...options]), detailFields, [pair]);
  const [row] = results;
  if (row === undefined || !('detail' in row)) throw new Error('no result');
  return row;
};

beforeAll(async () => {
  pair = await testPair({ srcSql: SEQUENCE, dstSql: SEQUENCE });
  second = await testPair({
    hostile: true,
    names: { root: pair.names.root, pglogical: pair.names.pglogical },
    project: pair.dir,
    db: 'users',
    srcSql: SEQUENCE,
    dstSql: SEQUENCE,
  });
});

describe('belt restore-logins', () => {
  it('gives nothing to anyone before revoke-logins', async () => {
    const before = await everything(pair);
    const run = await pair.belt(['restore-logins']);
    expectSuccess(run);
    expect(run.stderr).toMatch(/skipped +give LOGIN back .*src\.other_users of the config names none/);
    expect(await everything(pair)).toEqual(before);
  });

  it('--dry-run changes nothing', async () => {
    await pair.src.sql(`CREATE ROLE ${ident(`never ${pair.names.id}`)} NOLOGIN`);
    // The one that comes first takes the logins of the whole server, and keeps their names.
    expectSuccess(await pair.belt(['revoke-logins']));
    expectSuccess(await pair.beltRaw(['revoke-logins', pair.dc]));
    const before = await everything(pair);
    const { steps } = await restore('--dry-run');
    expect(steps.find(({ name }) => name === 'restore-login')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);
  });

  it('gives LOGIN back to those who had it, and to no other; raises sequences that are behind', async () => {
    await pair.dst.ownerSql("SELECT setval('numbers', 4711)");
    const { detail } = await restore();
    expect(detail['restored']).toEqual(expect.arrayContaining([pair.names.owner.name, pair.names.app.name]));
    expect(await login(pair)).toEqual([true, true]);
    expect(
      await pair.src.sql('SELECT rolcanlogin AS on FROM pg_roles WHERE rolname = $1', [`never ${pair.names.id}`]),
    ).toEqual([{ on: false }]);
    const [next] = await pair.src.sql<{ n: string }>(`SELECT nextval('"Shop Data".numbers') AS n`);
    expect(Number(next?.n)).toBeGreaterThan(4711);
  });

  it('finds nothing to do the second time', async () => {
    const before = await everything(pair);
    const { detail, steps } = await restore();
    expect(detail['restored']).toEqual([]);
    expect(steps.find(({ name }) => name === 'restore-login')?.status).toBe('skipped');
    expect(await everything(pair)).toEqual(before);
  });

  it('goes on without a role that is gone, and names it', async () => {
    const gone = `gone ${pair.names.id}`;
    await pair.src.sql(`CREATE ROLE ${ident(gone)} LOGIN`);
    expectSuccess(await pair.belt(['revoke-logins']));
    await pair.src.sql(`DROP ROLE ${ident(gone)}`);
    const run = await pair.belt(['restore-logins']);
    expectSuccess(run);
    expect(run.stderr).toContain(`no longer there: ${gone}`);
    expect(await login(pair)).toEqual([true, true]);
  });

  it('takes the whole datacenter', async () => {
    expectSuccess(await pair.beltRaw(['revoke-logins', pair.dc]));
    const { results } = checkedJson(await pair.beltRaw(['restore-logins', pair.dc, '--json']), detailFields, [
      pair,
      second,
    ]);
    expect(results.map(({ db, success }) => [db, success])).toEqual([
      ['shop', true],
      ['users', true],
    ]);
    expect([await login(pair), await login(second)]).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('rolls back even when the destination is gone, and says that the sequences were left', async () => {
    expectSuccess(await pair.belt(['revoke-logins']));
    if (pair.config.dst !== null) pair.config.dst.port = 1;
    const { readFile, writeFile } = await import('node:fs/promises');
    const written = JSON.parse(await readFile(pair.configPath, 'utf8')) as typeof pair.config;
    if (written.dst !== null) written.dst.port = 1;
    await writeFile(pair.configPath, JSON.stringify(written), { mode: 0o600 });
    const run = await pair.belt(['restore-logins']);
    expectSuccess(run);
    expect(run.stderr).toMatch(/LEFT AS THEY ARE \(cannot connect to the destination database/);
    expect(await login(pair)).toEqual([true, true]);
  });
});
