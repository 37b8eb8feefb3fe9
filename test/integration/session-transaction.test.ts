import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session } from '../../src/postgres/session.js';
import { testServers } from '../harness/servers.js';
import { slowWire } from '../harness/slow-wire.js';

let wire: Awaited<ReturnType<typeof slowWire>>;
let session: Session;

beforeAll(async () => {
  const { info } = (await testServers()).src;
  wire = await slowWire(info);
  session = await Session.connect(
    {
      side: 'src',
      host: '127.0.0.1',
      port: wire.port,
      database: 'postgres',
      user: info.superuser,
      password: info.password,
      ssl: { mode: 'disable' },
    },
    { applicationName: 'test' },
  );
});

afterAll(async () => {
  await session.close();
  wire.end();
});

describe('a session over a network', () => {
  const state = async (): Promise<string | null> => {
    await session.query('SELECT 1');
    return session.client.getTransactionStatus();
  };

  it('ends a transaction that fails in the middle of several statements', async () => {
    await expect(session.query('BEGIN; SELECT 1/0; COMMIT')).rejects.toThrow(/division by zero/);
    await session.endTransaction();
    expect(await state()).toBe('I');
  });

  it('is as good as new after a transaction that failed', async () => {
    await session.query('BEGIN');
    await expect(session.query('SELECT 1/0')).rejects.toThrow(/division by zero/);
    await session.renew({});
    expect(await state()).toBe('I');
  });
});
