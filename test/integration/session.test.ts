import { afterEach, beforeAll, expect, it } from 'vitest';
import { Session } from '../../src/postgres/session.js';
import { openPair } from '../harness/open-pair.js';
import { testPair, type TestPair } from '../harness/pair.js';

let pair: TestPair;
const opened: Session[] = [];

beforeAll(async () => {
  pair = await testPair();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((session) => session.close()));
});

async function connect(signal?: AbortSignal): Promise<Session> {
  const { host, port, db, root_user: root } = pair.config.src ?? {};
  const address = {
    side: 'src' as const,
    host: host ?? '',
    port: Number(port),
    database: db ?? '',
    user: root?.name ?? '',
    password: root?.pw ?? '',
    ssl: { mode: 'disable' as const },
  };
  const session = await Session.connect(address, { applicationName: 'belt test', signal });
  opened.push(session);
  return session;
}

it('statements that are asked for at once run one after another, and Node has nothing to warn of', async () => {
  const warnings: string[] = [];
  const listen = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', listen);
  const session = await connect();
  const numbers = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => session.one<{ n: number }>(`SELECT ${String(n)} AS n, pg_sleep(0.01)`)),
  );
  expect(numbers.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});

it('one that fails stops none of those behind it', async () => {
  const session = await connect();
  const settled = await Promise.allSettled([
    session.query('SELECT 1'),
    session.query('SELECT 1 / 0'),
    session.query('SELECT 2'),
  ]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('those that wait for their turn fail with the one that runs when belt is interrupted', async () => {
  const abort = new AbortController();
  const session = await connect(abort.signal);
  const all = [session.query('SELECT pg_sleep(60)'), session.query('SELECT 1'), session.query('SELECT 2')];
  setTimeout(() => {
    abort.abort();
  }, 200);
  const settled = await Promise.allSettled(all);
  for (const one of settled) expect(one).toMatchObject({ status: 'rejected', reason: { message: 'interrupted' } });
});

it('those that wait for their turn fail when the connection is lost', async () => {
  const session = await connect();
  const [{ pid } = { pid: 0 }] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = Promise.allSettled([session.query('SELECT pg_sleep(60)'), session.query('SELECT 1')]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await pair.src.sql('SELECT pg_terminate_backend($1)', [pid]);
  const settled = await ended;
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

it('a pair that is closed ends what others still do on its connections, and those about to be there', async () => {
  const closed = openPair(pair);
  const ours = async (): Promise<number> =>
    (await pair.src.sql('SELECT FROM pg_stat_activity WHERE application_name = $1', [closed.applicationName])).length;
  const kept = await closed.src.root();
  const further = await closed.src.open('root');
  const waiting = Promise.allSettled([further.query('SELECT pg_sleep(60)'), closed.src.open('owner')]);
  await closed.close();
  const settled = await waiting;
  expect(settled.map((one) => one.status === 'rejected' && (one.reason as Error).name)).toEqual([
    'InterruptedError',
    'InterruptedError',
  ]);
  await expect(kept.query('SELECT 1')).rejects.toThrow();
  await expect(closed.src.root()).rejects.toThrow('interrupted');
  await expect.poll(ours).toBe(0);
});
