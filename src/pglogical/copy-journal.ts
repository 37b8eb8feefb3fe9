import { QueryError } from '../errors.js';
import { literal } from '../postgres/quote.js';
import type { Label, ObjectName, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { CONTROL } from './copy-control.js';

/**
 * What has been copied, kept on the destination: a piece's rows and its line in the journal are one transaction, so the
 * journal is exact whatever is killed. A piece is noted once, and only for the wave that copies its table now: what an old
 * connection, still at work on the server, would bring twice or too late is refused with its rows. It also says where the
 * changes begin that replication has to bring.
 */

/**
 * `preparing` until the snapshot is there; `joining` while pglogical brings tables of several snapshots to one point; `done`
 * once it brings the changes of all tables.
 */
export type CopyPhase = 'preparing' | 'copying' | 'joining' | 'done';

export interface CopyRun {
  readonly slot: string;
  /** Where the slot begins: before all snapshots. Null as long as there is none. */
  readonly start_lsn: string | null;
  /** Whether tables of several snapshots can be handed over: see start-slot.ts. */
  readonly resumable: boolean;
  readonly phase: CopyPhase;
  readonly jobs: number;
  /** ISO 8601 */
  readonly started_at: string;
}

/** A table in the journal. */
export interface JournalTable {
  readonly schema: string;
  readonly name: string;
  readonly label: Label;
  readonly bytes: number;
  readonly chunks: number;
  /** The snapshot it is copied from: changes up to here are in the rows. */
  readonly lsn: string;
  readonly chunks_done: number;
  readonly rows_done: number;
  readonly bytes_done: number;
  /** Rows that the source has in that snapshot; null until they were counted. */
  readonly source_rows: number | null;
}

/** Whether all of a table is there: each piece, and as many rows as the source has in the snapshot. */
export function isWhole({ chunks, chunks_done, rows_done, source_rows }: JournalTable): boolean {
  return chunks_done === chunks && source_rows === rows_done;
}

/** The table that tells whether there is a journal. */
export const JOURNAL = '"belt"."copy_run"';
/** A row for each table, and for each piece of one that is there. */
export const TABLES = '"belt"."copy_table"';
export const CHUNKS = '"belt"."copy_chunk"';

const RUN = JOURNAL;
const TABLE = TABLES;
const CHUNK = CHUNKS;

export async function makeJournal(session: Session): Promise<void> {
  await session.query(
    `CREATE SCHEMA IF NOT EXISTS "belt";
     CREATE TABLE IF NOT EXISTS ${RUN} (
       slot text PRIMARY KEY, start_lsn pg_lsn, resumable bool NOT NULL DEFAULT false, phase text NOT NULL, jobs int NOT NULL,
       started_at timestamptz NOT NULL DEFAULT now());
     CREATE TABLE IF NOT EXISTS ${TABLE} (
       schema_name text, table_name text, bytes int8 NOT NULL, chunks int NOT NULL, lsn pg_lsn NOT NULL,
       source_rows int8, PRIMARY KEY (schema_name, table_name), UNIQUE (schema_name, table_name, lsn));
     CREATE TABLE IF NOT EXISTS ${CHUNK} (
       schema_name text, table_name text, chunk int, lsn pg_lsn NOT NULL, rows int8 NOT NULL, bytes int8 NOT NULL,
       finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
       PRIMARY KEY (schema_name, table_name, chunk),
       FOREIGN KEY (schema_name, table_name, lsn) REFERENCES ${TABLE} (schema_name, table_name, lsn) ON DELETE CASCADE)`,
  );
}

export async function journalThere(session: Session): Promise<boolean> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [RUN]);
  return there;
}

/** @returns the copy that was begun, or null */
export async function readRun(session: Session): Promise<CopyRun | null> {
  if (!(await journalThere(session))) return null;
  const [run] = await session.query<CopyRun>(
    `SELECT slot, start_lsn::text, resumable, phase, jobs, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at FROM ${RUN}`,
  );
  return run ?? null;
}

/** Notes, unless there is a copy already, that one is about to begin: from then on nobody else wakes its subscription. */
export async function announceRun(session: Session, slot: string, jobs: number): Promise<void> {
  await session.query(
    `INSERT INTO ${RUN} (slot, phase, jobs) SELECT $1, 'preparing', $2 WHERE NOT EXISTS (SELECT FROM ${RUN})`,
    [slot, jobs],
  );
}

/** Begins a new copy: what an earlier one noted is forgotten. */
export async function beginRun(
  session: Session,
  run: Pick<CopyRun, 'slot' | 'start_lsn' | 'resumable' | 'jobs'>,
): Promise<void> {
  await session.transaction(async () => {
    await session.query(`DELETE FROM ${RUN}`);
    await session.query(`DELETE FROM ${TABLE}`);
    await session.query(
      `INSERT INTO ${RUN} (slot, start_lsn, resumable, phase, jobs) VALUES ($1, $2::pg_lsn, $3, 'copying', $4)`,
      [run.slot, run.start_lsn, run.resumable, run.jobs],
    );
  });
}

/** Notes that nothing of what was copied can be used; within the caller's transaction. */
export async function abandonRun(session: Session): Promise<void> {
  await session.query(`DELETE FROM ${TABLE}`);
  await session.query(`UPDATE ${RUN} SET phase = 'preparing', start_lsn = NULL, resumable = false`);
}

/** Notes how far the copy is; within the caller's transaction. */
export async function setPhase(session: Session, phase: CopyPhase): Promise<void> {
  await session.query(`UPDATE ${RUN} SET phase = $1`, [phase]);
}

/**
 * Notes the tables that a wave is going to copy, in place of what an earlier wave noted about them. From here on nothing
 * that was meant for an earlier wave can be committed: its line in the journal refers to what is gone. So the tables must
 * be emptied after this, not before.
 */
export async function planTables(
  session: Session,
  lsn: string,
  tables: readonly (ObjectName & { readonly bytes: number; readonly chunks: number })[],
): Promise<void> {
  const names = [tables.map(({ schema }) => schema), tables.map(({ name }) => name)];
  await session.transaction(async () => {
    await session.query(
      `DELETE FROM ${TABLE} WHERE (schema_name, table_name) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      names,
    );
    await session.query(
      `INSERT INTO ${TABLE} (schema_name, table_name, bytes, chunks, lsn)
       SELECT t.schema, t.name, t.bytes, t.chunks, $3::pg_lsn
         FROM unnest($1::text[], $2::text[], $4::int8[], $5::int[]) AS t (schema, name, bytes, chunks)`,
      [...names, lsn, tables.map(({ bytes }) => Math.round(bytes)), tables.map(({ chunks }) => chunks)],
    );
  });
}

type LabelledName = ObjectName & { readonly label: Label };

/** A piece of a table of a wave, and what was copied of it. */
export interface ChunkLine {
  readonly schema: string;
  readonly table: string;
  readonly chunk: number;
  /** The wave's snapshot. */
  readonly lsn: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Notes pieces, within the transaction that carries their rows. As a statement without parameters: it goes with COMMIT. */
export function chunkStatement(lines: readonly ChunkLine[]): string {
  const values = lines.map(
    ({ schema, table, chunk, lsn, rows, bytes }) =>
      `(${literal(schema)}, ${literal(table)}, ${String(chunk)}, ${literal(lsn)}, ${String(rows)}, ${String(bytes)})`,
  );
  return `INSERT INTO ${CHUNK} (schema_name, table_name, chunk, lsn, rows, bytes) VALUES ${values.join(', ')}`;
}

/** Whether a piece was refused since its wave is over. */
export function isWaveOver(error: unknown): boolean {
  if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.foreignKeyViolation) return false;
  const { object } = error.detail ?? {};
  return typeof object === 'string' && object.startsWith('belt.copy_chunk.');
}

/** What the journal has of some tables of a wave: the numbers of their pieces, and their rows, by label. */
export async function notedChunks(
  session: Session,
  lsn: string,
  tables: readonly LabelledName[],
): Promise<Map<Label, { readonly chunks: ReadonlySet<number>; readonly rows: number }>> {
  const found = await session.query<{ label: Label; chunks: number[]; rows: number }>(
    `SELECT w.label, array_agg(c.chunk) AS chunks, sum(c.rows)::float8 AS rows
       FROM unnest($2::text[], $3::text[], $4::text[]) AS w (schema, name, label)
       JOIN ${CHUNK} c ON c.schema_name = w.schema AND c.table_name = w.name
      WHERE c.lsn = $1::pg_lsn GROUP BY w.label`,
    [lsn, tables.map(({ schema }) => schema), tables.map(({ name }) => name), tables.map(({ label }) => label)],
  );
  return new Map(found.map(({ label, chunks, rows }) => [label, { chunks: new Set(chunks), rows }]));
}

/** Notes that as many rows were copied as the source has: the tables are whole. */
export async function noteSourceRows(
  session: Session,
  lsn: string,
  tables: readonly (ObjectName & { readonly rows: number })[],
): Promise<void> {
  await session.query(
    `UPDATE ${TABLE} t SET source_rows = n.rows FROM unnest($2::text[], $3::text[], $4::int8[]) AS n (schema, name, rows)
      WHERE t.lsn = $1::pg_lsn AND t.schema_name = n.schema AND t.table_name = n.name`,
    [lsn, tables.map(({ schema }) => schema), tables.map(({ name }) => name), tables.map(({ rows }) => rows)],
  );
}

/** What it says of all tables, whatever their schema. */
export async function readJournal(session: Session, schemas: Schemas): Promise<JournalTable[]> {
  const rows = await session.query<Omit<JournalTable, 'label'>>(
    `SELECT t.schema_name AS schema, t.table_name AS name, t.bytes::float8 AS bytes, t.chunks, t.lsn::text, t.source_rows::float8,
            count(c.chunk)::int AS chunks_done, coalesce(sum(c.rows), 0)::float8 AS rows_done,
            coalesce(sum(c.bytes), 0)::float8 AS bytes_done
       FROM ${TABLE} t LEFT JOIN ${CHUNK} c USING (schema_name, table_name)
      GROUP BY t.schema_name, t.table_name ORDER BY t.schema_name, t.table_name`,
  );
  return schemas.labelled(rows);
}

/** How many tables the copy has in all, and how many of them are whole; bytes as on the source. */
export async function journalTotals(
  session: Session,
): Promise<{ tables: number; whole: number; bytes: number; bytes_whole: number }> {
  return session.one(
    `SELECT count(*)::int AS tables, count(source_rows)::int AS whole, coalesce(sum(bytes), 0)::float8 AS bytes,
            coalesce(sum(bytes) FILTER (WHERE source_rows IS NOT NULL), 0)::float8 AS bytes_whole
       FROM ${TABLE}`,
  );
}

/** Forgets a copy whose subscription is gone, to begin anew. */
export async function forgetCopy(session: Session): Promise<void> {
  await session.query(`DROP TABLE IF EXISTS ${CHUNK}, ${TABLE}, ${RUN}`);
}

/** Removes the journal and all that belongs to it, once replication has ended. */
export async function dropJournal(session: Session): Promise<void> {
  await forgetCopy(session);
  await session.query(`DROP TABLE IF EXISTS ${CONTROL}`);
}
