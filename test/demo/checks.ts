import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { prove, type Proof, type ProofOptions } from '../harness/proof.js';
import { MARKED_TABLES, type Acknowledged, type Marked } from './application.js';
import { count, say } from './narrator.js';
import { connect, type SandboxFacts } from './sandbox.js';

/** The tables that replication does not carry: without a key, or with a generated column. */
export const NOT_REPLICATED = ['audit log', 'Page Views', 'Price Tags'];

const SHOWN_DIFFERENCES = 20;
const CATCH_UP_DEADLINE_MS = 60_000;

/** Superuser's connections to both servers, each seeing its database as it was at one moment. */
export class Snapshots {
  private constructor(
    readonly source: pg.Client,
    readonly destination: pg.Client,
  ) {}

  /** Takes them now; what is written later is not seen. */
  static async take({ servers }: SandboxFacts): Promise<Snapshots> {
    const open = async (place: 'source' | 'destination'): Promise<pg.Client> => {
      const client = await connect(servers[place], servers[place].superuser);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // A snapshot is taken by the first query, not by BEGIN.
      await client.query('SELECT 1');
      return client;
    };
    const [source, destination] = await Promise.all([open('source'), open('destination')]);
    return new Snapshots(source, destination);
  }

  async release(): Promise<void> {
    await Promise.all([this.source.end(), this.destination.end()].map((end) => end.catch(() => undefined)));
  }
}

/** Counts the proofs that did not hold; the demo's exit code follows from it. */
export class Verdict {
  failures = 0;

  /** Prints what was compared, or what differs. */
  equality(proof: Proof, wordForBehind: string): void {
    if (proof.differences.length > 0) {
      this.failures++;
      say.bad(`${count(proof.differences.length, 'difference')}:`);
      for (const difference of proof.differences.slice(0, SHOWN_DIFFERENCES))
        say.line(`    ${difference.replaceAll('\n', '\n    ')}`);
      return;
    }
    say.good(`${count(proof.tables, 'table')} with ${count(proof.rows, 'row')}: equal, row by row`);
    if (proof.sequences > 0) say.good(`${count(proof.sequences, 'sequence')}: at or past the ${wordForBehind}'s`);
    say.good(`${count(proof.objects, 'index', 'indexes, constraints, comments, grants and other definitions')}: equal`);
  }

  check(holds: boolean, good: string, bad: string): void {
    if (holds) {
      say.good(good);
      return;
    }
    this.failures++;
    say.bad(bad);
  }
}

/** Compares both databases with the proof that the tests use, which has nothing of belt's own code. */
export async function compare(
  src: pg.Client,
  dst: pg.Client,
  schema: string,
  options: Pick<ProofOptions, 'exceptRowsOf' | 'sequences'> = {},
): Promise<Proof> {
  return prove({ src, dst, schema, ...options });
}

/**
 * Looks for the rows of transactions that the application was told are committed.
 * @param client any connection as superuser
 * @returns how many rows' marks are missing, by table
 */
export async function missingRows(
  client: pg.Client,
  schema: string,
  acknowledged: readonly Acknowledged[],
  onlyReplicated = false,
): Promise<{ looked: number; missing: number; where: string[] }> {
  await client.query(`SELECT set_config('search_path', quote_ident($1), false)`, [schema]);
  let looked = 0;
  let missing = 0;
  const where: string[] = [];
  for (const [name, { table, mark, replicated }] of Object.entries(MARKED_TABLES)) {
    if (onlyReplicated && !replicated) continue;
    const marks = acknowledged.filter(({ wrote }) => wrote.includes(name as Marked)).map((one) => one.mark);
    const { rows } = await client.query<{ missing: number }>(
      `SELECT count(*)::int AS missing FROM unnest($1::text[]) m
        WHERE NOT EXISTS (SELECT FROM (SELECT ${mark} AS mark FROM ${table}) t WHERE t.mark = m)`,
      [marks],
    );
    looked += marks.length;
    const lost = rows[0]?.missing ?? 0;
    missing += lost;
    if (lost > 0) where.push(`${String(lost)} in ${table}`);
  }
  return { looked, missing, where };
}

/**
 * Waits until the source has the replicated rows that the application wrote at the destination.
 * @returns milliseconds waited, or undefined when they did not come in time
 */
export async function waitForBackReplication(
  facts: SandboxFacts,
  acknowledged: readonly Acknowledged[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const { source } = facts.servers;
  const client = await connect(source, source.superuser);
  const started = performance.now();
  try {
    while (!signal.aborted && performance.now() - started < CATCH_UP_DEADLINE_MS) {
      const { missing } = await missingRows(client, facts.schema, acknowledged, true);
      if (missing === 0) return performance.now() - started;
      await pause(200);
    }
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}
