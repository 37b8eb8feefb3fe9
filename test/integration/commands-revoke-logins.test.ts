import { readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { revokeLoginsFields } from '../../src/results/revoke-logins.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestConfig, type TestPair } from '../harness/pair.js';

/** Roles belong to the server: both databases of this file see those of both. */
let pair: TestPair;
let second: TestPair;
let ours: string[];

const login = async (names: readonly string[]): Promise<boolean[]> => {
  const rows = await pair.src.sql<{ on: boolean }>(
    'SELECT rolcanlogin AS on FROM unnest($1::text[]) WITH ORDINALITY AS t (name, i) JOIN pg_roles ON rolname = name ORDER BY i',
    [names],
  );
  return rows.map(({ on }) => on);
};

const saved = async (of: TestPair): Promise<string[] | undefined> => {
  const config = JSON.parse(await readFile(of.configPath, 'utf8')) as TestConfig;
  return config.src?.other_users?.map(({ name }) => name);
};

const revoke = async (...options: string[]) => {
  const { results } = checkedJson(await pair.belt(['revoke-logins', '--json', ...options]), revokeLoginsFields, [pair]);
  const [row] = results;
  if (row === undefined || !('detail' in row)) throw new Error('no result');
  return row;
};

beforeAll(async () => {
  pair = await testPair();
  second = await testPair({
    hostile: true,
    names: { root: pair.names.root, pglogical: pair.names.pglogical },
    project: pair.dir,
    db: 'users',
  });
  ours = [pair, second].flatMap(({ names }) => [names.owner.name, names.app.name]);
});

beforeEach(async () => {
  await pair.writeConfig();
  await second.writeConfig();
  await pair.src.sql(ours.map((name) => `ALTER ROLE ${ident(name)} LOGIN`).join(';'));
});

describe('belt revoke-logins', () => {
  it('--dry-run changes nothing', async () => {
    const before = await everything(pair);
    const { steps } = await revoke('--dry-run');
    expect(steps.map(({ name, status }) => [name, status])).toEqual([
      ['save-roles', 'planned'],
      ['revoke-login', 'planned'],
      ['disconnect', 'skipped'],
      ['count-sessions', 'ok'],
    ]);
    expect(await everything(pair)).toEqual(before);
  });

  it('takes LOGIN, keeps the names, leaves root and the server’s own roles alone', async () => {
    const { detail } = await revoke();
    expect(detail.revoked).toEqual(expect.arrayContaining(ours));
    expect(detail.revoked).not.toContain(pair.src.server.info.superuser);
    expect(await login([...ours, pair.src.server.info.superuser])).toEqual([false, false, false, false, true]);
    expect(await saved(pair)).toEqual(expect.arrayContaining(ours));
    await expect(pair.src.connect(pair.names.app)).rejects.toThrow(/not permitted to log in/);
  });

  it('finds nothing to do the second time, and forgets no name', async () => {
    await revoke();
    const before = await everything(pair);
    const again = await revoke();
    expect(again.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped', 'ok']);
    expect(again.detail.revoked).toEqual([]);
    expect(again.detail.saved).toEqual(expect.arrayContaining(ours));
    expect(await everything(pair)).toEqual(before);
  });

  it('leaves alone whom the command line and the config exclude', async () => {
    const [owner = '', app = '', hostileOwner = '', hostileApp = ''] = ours;
    pair.config.exclude_users = [owner];
    pair.config.exclude_patterns = ['owner "%'];
    await pair.writeConfig();
    const { detail } = await revoke('-e', app);
    delete pair.config.exclude_users;
    delete pair.config.exclude_patterns;
    expect(await login([owner, app, hostileOwner, hostileApp])).toEqual([true, true, true, false]);
    expect(detail.saved).not.toContain(app);
    await pair.writeConfig();
    expect((await revoke('-p', 'App\\_%')).detail.saved).not.toContain(app);
    expect(await login([app, owner])).toEqual([true, false]);
  });

  it('says which sessions can still write; --disconnect ends them, and those of other databases not', async () => {
    const app = await pair.src.connect(pair.names.app);
    const elsewhere = await second.src.connect(second.names.app);
    const first = await pair.belt(['revoke-logins']);
    expectSuccess(first);
    expect(first.stdout).toMatch(new RegExp(`1 of ${pair.names.app.name}$`, 'm'));
    await app.query('SELECT 1');
    const { detail, steps } = await revoke('--disconnect');
    expect(detail).toMatchObject({ disconnected: 1, remaining_sessions: {} });
    expect(steps.find(({ name }) => name === 'disconnect')?.status).toBe('ok');
    await expect(app.query('SELECT 1')).rejects.toThrow();
    await elsewhere.query('SELECT 1');
    await elsewhere.end();
    expect((await revoke('--disconnect')).detail.disconnected).toBe(0);
  });

  it('takes the whole datacenter, whose databases share a server', async () => {
    const run = await pair.beltRaw(['revoke-logins', pair.dc, '--json']);
    const { results } = checkedJson(run, revokeLoginsFields, [pair, second]);
    expect(results.map(({ db, success }) => [db, success])).toEqual([
      ['shop', true],
      ['users', true],
    ]);
    expect(await login(ours)).toEqual([false, false, false, false]);
    const all = [...((await saved(pair)) ?? []), ...((await saved(second)) ?? [])];
    expect(all).toEqual(expect.arrayContaining(ours));
  });

  it('takes nobody’s LOGIN when the names cannot be kept', async () => {
    // The file that takes the config's place is written beside it first, under a longer name: too long a one here.
    const real = join(pair.dir, 'x'.repeat(250));
    await rename(pair.configPath, real);
    await symlink(real, pair.configPath);
    const run = await pair.belt(['revoke-logins']);
    await rm(pair.configPath);
    expectFailure(run, {
      exitCode: 2,
      config: pair.config,
      says: [/cannot write the names of roles to .*config\.json: .*\[step save-roles\]/],
    });
    expect(await login(ours)).toEqual([true, true, true, true]);
  });
});
