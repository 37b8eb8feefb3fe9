import { describe, expect, it } from 'vitest';
import { testPair } from '../../harness/pair.js';
import { testServers } from '../../harness/servers.js';

describe('the test servers', () => {
  it.each([false, true])('give each test a fresh database on both sides (hostile names: %s)', async (hostile) => {
    const pair = await testPair({
      hostile,
      srcSql: 'CREATE TABLE "a""b" (id int PRIMARY KEY); INSERT INTO "a""b" VALUES (7)',
    });
    expect(await pair.src.ownerSql('SELECT id FROM "a""b"')).toEqual([{ id: 7 }]);
    expect(await pair.dst.sql('SELECT current_database() AS name')).toEqual([{ name: pair.names.database }]);
    await pair.dst.sql('CREATE EXTENSION pglogical');
  });

  it('reach each other', async () => {
    const pair = await testPair();
    const { src } = pair.config;
    await pair.dst.sql('CREATE EXTENSION dblink');
    const conninfo = `host=${src?.peer_host ?? src?.host ?? ''} port=${String(src?.peer_port ?? src?.port)} dbname=postgres user=postgres password=${src?.root_user.pw ?? ''}`;
    expect(await pair.dst.sql('SELECT * FROM dblink($1, $2) AS t(n int)', [conninfo, 'SELECT 1'])).toEqual([{ n: 1 }]);
  });

  it('are there again on the same port after a crash', async () => {
    const { src } = await testServers();
    const pair = await testPair();
    await pair.src.disconnect();
    await src.kill();
    await expect(src.sql('postgres', 'SELECT 1')).rejects.toThrow();
    await src.start();
    expect(await pair.src.sql('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect(await src.log()).toMatch(/ready to accept connections/);
  });
});
