import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { expect } from 'vitest';
import type { BeltOptions, BeltRun } from './belt.js';
import type { TestDatabase, TestPair } from './pair.js';
import { prove, type ProofOptions } from './proof.js';

/** What tests of whole migrations have in common. */

const DEADLINE_MS = 60_000;
const INTERVAL_MS = 50;

type Words = readonly [string, ...string[]];

/** One database's part of belt's JSON, as far as tests look at it. */
export interface JsonRow {
  readonly db: string;
  readonly success: boolean;
  readonly error: {
    readonly error_type: string;
    readonly message: string;
    readonly detail: Record<string, unknown> | null;
  } | null;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly message: string | null }[];
  readonly [field: string]: unknown;
}

export interface Json {
  readonly success: boolean;
  readonly results: readonly JsonRow[];
}

/** Runs belt; anything but success fails the test with all that belt wrote. */
export async function must(pair: TestPair, words: Words, options: BeltOptions = {}): Promise<BeltRun> {
  const run = await pair.belt(words, options);
  expect(run.exitCode, run.text).toBe(0);
  return run;
}

/** Runs belt with --json, expects exit code 1, and gives the row of its one database. */
export async function mustFail(pair: TestPair, words: Words): Promise<JsonRow> {
  const run = await pair.belt([...words, '--json']);
  expect(run.exitCode, run.text).toBe(1);
  const [row] = run.json<Json>().results;
  if (row?.success !== false || row.error === null) throw new Error(`no failure in the result\n${run.text}`);
  return row;
}

/** Asks again and again until the answer is true. @throws Error naming what was waited for */
export async function until(what: string, ask: () => Promise<boolean>, deadline = DEADLINE_MS): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await pause(INTERVAL_MS);
  }
}

/** Waits until the subscription on this side has copied what it copies, and replicates. */
export function untilReplicating(side: TestDatabase, subscription: 'pg1_pg2' | 'pg2_pg1'): Promise<void> {
  return until(`${subscription} replicates`, async () => {
    const [row] = await side.sql<{ status: string }>(
      `SELECT status FROM pglogical.show_subscription_status() WHERE subscription_name = $1`,
      [subscription],
    );
    return row?.status === 'replicating';
  });
}

/** Expects both databases to be equal: rows, sequences, objects. Nobody may write meanwhile. */
export async function expectEqual(
  pair: TestPair,
  options: Pick<ProofOptions, 'exceptRowsOf' | 'sequences'> & { readonly backwards?: boolean } = {},
): Promise<void> {
  const clients = await Promise.all([pair.src.connect(), pair.dst.connect()]);
  const [src, dst] = options.backwards === true ? ([clients[1], clients[0]] as const) : clients;
  try {
    const ignoredRoles = [pair.names.pglogical.name];
    const proof = await prove({ src, dst, schema: pair.schema, ignoredRoles, ...options });
    expect(proof.differences).toEqual([]);
    expect(proof.rows).toBeGreaterThan(0);
    expect(proof.objects).toBeGreaterThan(0);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** Expects neither side to hold a subscription of belt's or a slot of this database. */
export async function expectNoReplication(pair: TestPair): Promise<void> {
  for (const side of [pair.src, pair.dst]) {
    const left = await side.sql(
      `SELECT 'slot ' || slot_name AS what FROM pg_replication_slots WHERE database = current_database()
       UNION ALL SELECT 'subscription ' || sub_name FROM pglogical.subscription
       UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
                  WHERE roname LIKE format('pgl\\_%s\\_%%', left(current_database(), 16))`,
    );
    expect(left).toEqual([]);
  }
}

/**
 * Runs `work` while a transaction that did `sql` stays open: what it locks, others wait for.
 * @param work is told the transaction's server process
 */
export async function holding<T>(side: TestDatabase, sql: string, work: (pid: number) => Promise<T>): Promise<T> {
  const client = await side.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await client.query('BEGIN');
    await client.query(sql);
    return await work(rows[0]?.pid ?? 0);
  } finally {
    // Its end rolls back, too, but comes to the server a moment later.
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end();
  }
}

/**
 * Waits until a session of this database, of the name given (LIKE), waits for a lock.
 * @param table the table, quoted and with its schema, whose lock it is to be; any lock when left out
 */
export function untilBlocked(side: TestDatabase, application: string, table?: string): Promise<void> {
  return until(`${application} waits for a lock`, async () => {
    const rows = await side.sql(
      `SELECT FROM pg_stat_activity a
        WHERE datname = current_database() AND application_name LIKE $1 AND wait_event_type = 'Lock'
          AND ($2::text IS NULL
               OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted AND l.relation = $2::regclass))`,
      [application, table ?? null],
    );
    return rows.length > 0;
  });
}

/** Everything that belt left in the project folder, but for configs, which hold the passwords. */
export async function filesOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'config.json');
  return (await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))).join('\n');
}

/**
 * An application: some connections that commit one row after the other as fast as they can, each until its connection is
 * cut. Remembers what was acknowledged.
 */
export class Writer {
  /** The marks of the commits that the server acknowledged. */
  readonly acknowledged: string[] = [];
  /** The words with which each connection ended, but for those that were asked to stop. */
  readonly cut: string[] = [];
  #stopped = false;
  readonly #work: Promise<void>[];

  private constructor(clients: readonly pg.Client[], statement: string, pauseMs: number) {
    this.#work = clients.map((client, index) => this.#write(client, `w${String(index)}`, statement, pauseMs));
  }

  /**
   * Connects as the application's role and begins.
   * @param statement has one parameter, the mark of the commit
   */
  static async start(
    side: TestDatabase,
    statement: string,
    { connections = 1, pauseMs = 0 }: { connections?: number; pauseMs?: number } = {},
  ): Promise<Writer> {
    const clients = await Promise.all(Array.from({ length: connections }, () => side.connect(side.names.app)));
    return new Writer(clients, statement, pauseMs);
  }

  /** Ends it, cut off or not. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#work);
  }

  async #write(client: pg.Client, name: string, statement: string, pauseMs: number): Promise<void> {
    // What the server says when it ends the session comes by this way, or with the statement that runs.
    client.on('error', (error) => this.cut.push(error.message));
    try {
      for (let n = 0; !this.#stopped; n++) {
        const mark = `${name}-${String(n)}`;
        await client.query(statement, [mark]);
        this.acknowledged.push(mark);
        if (pauseMs > 0) await pause(pauseMs);
      }
    } catch (error) {
      this.cut.push(error instanceof Error ? error.message : String(error));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
