import { BeltError, CheckFailedError, ConnectionError, InterruptedError, QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { readAnalyzable, type AnalyzableTable } from '../postgres/catalog/statistics.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { NOT_FOUND, runDdl } from '../schema/statements.js';

export interface AnalyzeOptions {
  /** Leave out tables whose statistics are fresh: the downtime window has no time to waste. */
  readonly onlyStale?: boolean;
  /** Sessions at work at the same time. */
  readonly jobs?: number;
  readonly progress?: (text: string) => void;
}

export interface AnalyzeResult {
  readonly analyzed: string[];
  /** Left out, since their statistics are fresh. */
  readonly fresh: string[];
  readonly failed: { readonly name: string; readonly error: string }[];
}

/** Small tables go together in one statement, up to this size and number. */
const BATCH_BYTES = 32 * 1024 * 1024;
const BATCH_TABLES = 25;

const LOCK_TIMEOUT_MS = 30_000;

/**
 * Runs ANALYZE on the destination, biggest tables first, without a time limit. A partitioned table takes its
 * partitions along.
 * @returns what was analyzed and what not, and an error naming the tables that failed
 * @throws ConnectionError when the destination cannot be reached
 */
export async function analyzeDestination(
  pair: Pair,
  { onlyStale = false, jobs = 4, progress }: AnalyzeOptions = {},
): Promise<{ result: AnalyzeResult; error?: BeltError }> {
  const schemas = await pair.schemas();
  const tables = await readAnalyzable(await pair.dst.root(), schemas);
  const todo = tables.filter(({ fresh }) => !(onlyStale && fresh));
  const result: AnalyzeResult = {
    analyzed: [],
    fresh: tables.filter(({ fresh }) => onlyStale && fresh).map(({ label }) => label),
    failed: todo
      .filter(({ allowed }) => !allowed)
      .map(({ label: name }) => ({
        name,
        error: 'the root user may not ANALYZE it: it does not belong to the owner of the table',
      })),
  };
  const batches = batch(
    todo.filter(({ allowed }) => allowed),
    jobs,
  );
  if (batches.length > 0) {
    const work = async (session: Session): Promise<void> => {
      for (let some = batches.shift(); some !== undefined; some = batches.shift()) {
        progress?.(some.map(({ label }) => label).join(', '));
        await analyze(session, some, result);
      }
    };
    await pair.dst.withSessions(
      Math.min(jobs, batches.length),
      'root',
      async (sessions) => {
        const settled = await Promise.allSettled(sessions.map(work));
        for (const one of settled) if (one.status === 'rejected') throw one.reason;
      },
      { statementTimeout: 0, lockTimeout: LOCK_TIMEOUT_MS },
    );
  }
  if (result.failed.length === 0) return { result };
  const described = result.failed.map(({ name, error }) => `"${name}": ${error}`);
  const error = new CheckFailedError(
    `ANALYZE failed on the destination for ${String(result.failed.length)} of ${String(todo.length)} tables of ${schemas.words}: ${described.slice(0, 10).join('; ')}`,
    {
      hint: 'Without statistics the planner guesses, and queries may be slow. Run "belt analyze" again when the cause is gone.',
      detail: { side: 'dst', tables: result.failed.map(({ name }) => name) },
    },
  );
  return { result, error };
}

/** Cuts the tables, biggest first, into batches: enough for all workers, and big ones alone. */
function batch(tables: readonly AnalyzableTable[], jobs: number): AnalyzableTable[][] {
  const most = Math.min(BATCH_TABLES, Math.ceil(tables.length / jobs));
  const batches: { members: AnalyzableTable[]; bytes: number }[] = [];
  for (const table of tables) {
    const { bytes } = table;
    const last = batches.at(-1);
    if (last !== undefined && last.members.length < most && last.bytes + bytes <= BATCH_BYTES) {
      last.members.push(table);
      last.bytes += bytes;
    } else {
      batches.push({ members: [table], bytes });
    }
  }
  return batches.map(({ members }) => members);
}

/** Analyzes some tables in one statement; should it fail, one by one, to know which it was. */
async function analyze(session: Session, tables: readonly AnalyzableTable[], result: AnalyzeResult): Promise<void> {
  try {
    await session.query(`ANALYZE ${tables.map(({ schema, name }) => qualified(schema, name)).join(', ')}`);
    result.analyzed.push(...tables.map(({ label }) => label));
  } catch (error) {
    if (!(error instanceof BeltError) || error instanceof ConnectionError || error instanceof InterruptedError)
      throw error;
    const [table] = tables;
    if (tables.length > 1) for (const one of tables) await analyze(session, [one], result);
    else if (table !== undefined) await analyzeWithPath(session, table, error, result);
  }
}

/** A function in an index may find what it calls by search_path; see runDdl(). */
async function analyzeWithPath(
  session: Session,
  { schema, name, label }: AnalyzableTable,
  error: BeltError,
  result: AnalyzeResult,
): Promise<void> {
  try {
    if (!(error instanceof QueryError) || !NOT_FOUND.has(error.sqlstate)) throw error;
    await runDdl(session, schema, async () => {
      await session.query(`ANALYZE ${qualified(schema, name)}`);
    });
    result.analyzed.push(label);
  } catch (again) {
    if (!(again instanceof BeltError) || again instanceof ConnectionError || again instanceof InterruptedError)
      throw again;
    result.failed.push({ name: label, error: again.message });
  }
}
