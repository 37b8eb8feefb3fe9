import { readFile } from 'node:fs/promises';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { envelopeSchema } from '../../src/results/envelope.js';
import type { BeltRun } from './belt.js';
import { expectNoSecret, expectNoTrace } from './expect-failure.js';
import type { TestDatabase, TestPair } from './pair.js';

/** What most tests of commands move: a table with key and one without, some rows in each. */
export const ORDERS = `
  CREATE TABLE "Order Details" (id serial PRIMARY KEY, v text, n int);
  ALTER TABLE "Order Details" ADD CONSTRAINT n_check CHECK (n > 0) NOT VALID;
  CREATE INDEX ON "Order Details" (v);
  CREATE TABLE "log" (line text);
  INSERT INTO "Order Details" (v, n) SELECT 'row ' || i, i FROM generate_series(1, 20) i;
  INSERT INTO "log" VALUES ('started')`;

/** A command with the options that it cannot do without: the words that follow its name and database. */
export function neededOptions(command: string): string[] {
  return command === 'wait' ? ['--for', 'replicating'] : [];
}

/** Expects that a run ended well, and told so. */
export function expectSuccess(run: BeltRun): void {
  expect(run.exitCode, run.text).toBe(0);
  expect(run.stderr, run.text).not.toMatch(/^error:/m);
  expectNoTrace(run);
}

/** The JSON of a run, which must be what the command's schema says, agree with the exit code, and hold no secret. */
export function checkedJson<Shape extends z.ZodRawShape>(
  run: BeltRun,
  fields: z.ZodObject<Shape>,
  pairs: readonly TestPair[],
) {
  const envelope = envelopeSchema(fields).strict().parse(run.json());
  expect(envelope.success, run.text).toBe(run.exitCode === 0);
  const rows = envelope.results as readonly { success: boolean }[];
  expect(envelope.success, run.text).toBe(rows.every(({ success }) => success));
  expectNoTrace(run);
  for (const { config } of pairs) expectNoSecret(run.stdout + run.stderr, config);
  return envelope;
}

/** Waits until belt says of both directions what is wanted. Starts belt only when pglogical itself says so of what runs. */
export async function waitForStatus(pair: TestPair, forward: string, back = 'unconfigured'): Promise<void> {
  const look = async (): Promise<string[]> => {
    const run = await pair.belt(['status', '--json']);
    const [row] = run.json<{ results: { forward_replication: string; back_replication: string }[] }>().results;
    return [row?.forward_replication ?? run.text, row?.back_replication ?? ''];
  };
  await vi.waitFor(
    async () => {
      if (forward === 'replicating') expect(await pglogicalStatus(pair.dst, 'pg1_pg2')).toBe('replicating');
      if (back === 'replicating') expect(await pglogicalStatus(pair.src, 'pg2_pg1')).toBe('replicating');
      expect(await look()).toEqual([forward, back]);
    },
    { timeout: 40_000, interval: 150 },
  );
}

async function pglogicalStatus(side: TestDatabase, subscription: string): Promise<string | undefined> {
  const [row] = await side.sql<{ status: string }>(
    'SELECT status FROM pglogical.show_subscription_status() WHERE subscription_name = $1',
    [subscription],
  );
  return row?.status;
}

/** Sets forward replication up and waits for the initial copy; and back replication where wanted. */
export async function replicate(pair: TestPair, directions: 'forward' | 'both' = 'forward'): Promise<void> {
  expectSuccess(await pair.belt(['setup']));
  await waitForStatus(pair, 'replicating');
  if (directions === 'both') expectSuccess(await pair.belt(['setup-back-replication']));
}

/** All that a command of belt may change: in both databases, on both servers, in the config. For comparison. */
export async function everything(pair: TestPair): Promise<unknown> {
  const [src, dst, config] = await Promise.all([
    changeable(pair.src),
    changeable(pair.dst),
    readFile(pair.configPath, 'utf8'),
  ]);
  return { src, dst, config };
}

async function changeable(side: TestDatabase): Promise<unknown> {
  const read = async (sql: string): Promise<unknown[]> => (await side.sql<{ it: unknown }>(sql)).map(({ it }) => it);
  const pglogical = (await read("SELECT 1 AS it FROM pg_extension WHERE extname = 'pglogical'")).length > 0;
  return {
    roles: await read("SELECT to_jsonb(r) AS it FROM pg_authid r WHERE rolname !~ '^pg_' ORDER BY rolname"),
    settings: await read('SELECT to_jsonb(s) AS it FROM pg_db_role_setting s ORDER BY setdatabase, setrole'),
    slots: await read(
      'SELECT slot_name AS it FROM pg_replication_slots WHERE database = current_database() ORDER BY 1',
    ),
    origins: await read('SELECT roname AS it FROM pg_replication_origin ORDER BY 1'),
    schemas: await read(
      "SELECT to_jsonb(n) AS it FROM pg_namespace n WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY nspname",
    ),
    relations: await read(
      "SELECT (relname, relkind, relacl, relnatts)::text AS it FROM pg_class WHERE oid >= 16384 AND relpersistence = 'p' ORDER BY relname, oid",
    ),
    constraints: await read(
      'SELECT (conname, convalidated)::text AS it FROM pg_constraint WHERE oid >= 16384 ORDER BY conname, oid',
    ),
    nodes: pglogical ? await read('SELECT node_name AS it FROM pglogical.node ORDER BY 1') : [],
    sets: pglogical
      ? await read('SELECT (set_name, nspname, relname)::text AS it FROM pglogical.tables ORDER BY 1')
      : [],
    subscriptions: pglogical
      ? await read('SELECT (sub_name, sub_enabled)::text AS it FROM pglogical.subscription ORDER BY 1')
      : [],
  };
}
