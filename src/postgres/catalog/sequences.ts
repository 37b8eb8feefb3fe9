import { qualified } from '../quote.js';
import type { Label, Schemas } from '../schemas.js';
import type { Session } from '../session.js';
import { resolveNames } from './names.js';

/** A whole-number column that takes its values from a sequence: it owns the sequence, or its default calls it. */
export interface FedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly inPrimaryKey: boolean;
  /** Its highest value is found without reading the whole table: an index begins with it, or the table is small. */
  readonly cheapMax: boolean;
}

export interface Sequence {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** How it is called, and known as a key: see Schemas. */
  readonly label: Label;
  readonly owner: string;
  /** The last value given out; the first one to give out when `isCalled` is false. */
  readonly lastValue: bigint;
  readonly isCalled: boolean;
  /** Negative for a sequence that counts down. */
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cycle: boolean;
  /** The serial or identity column that it belongs to. */
  readonly ownedBy: { readonly schema: string; readonly table: string; readonly column: string } | null;
  readonly feeds: readonly FedColumn[];
}

interface SequenceRow {
  oid: number;
  schema: string;
  name: string;
  owner: string;
  /** null when it was never called: what it will start with must be asked of the sequence itself. */
  lastValue: string | null;
  increment: string;
  min: string;
  max: string;
  cycle: boolean;
  ownedBy: Sequence['ownedBy'];
  feeds: FedColumn[];
}

/** $1 schemas; $2, $3 schemas and names (none: all). A leaf repeats its partitioned table's default, so leaves count only as owners. */
const SEQUENCES = `
WITH sequences AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname, c.relowner, s.*
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE n.nspname = ANY ($1::text[]) AND c.relpersistence <> 't'
    AND (cardinality($2::text[]) = 0
         OR (n.nspname, c.relname) IN (SELECT * FROM unnest($2::text[], $3::text[])))
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), uses AS (
  SELECT s.oid, d.refobjid AS relid, d.refobjsubid AS attnum, true AS owns
  FROM sequences s
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass
                  AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
  UNION ALL
  SELECT s.oid, f.adrelid, f.adnum, false
  FROM sequences s
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.classid = 'pg_attrdef'::regclass
  JOIN pg_attrdef f ON f.oid = d.objid
), columns AS (
  SELECT u.oid, bool_or(u.owns) AS owns, n.nspname::text AS schema, c.relname::text AS "table", a.attname::text AS "column",
         bool_or(b.typname IN ('int2', 'int4', 'int8') AND (u.owns OR NOT c.relispartition)) AS counts,
         EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS key,
         c.relpages < 8192
           OR EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
                      WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND i.indisvalid
                        AND m.amname = 'btree') AS cheap
  FROM uses u
  JOIN pg_class c ON c.oid = u.relid AND c.relkind IN ('r', 'p')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = u.relid AND a.attnum = u.attnum AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  GROUP BY u.oid, n.nspname, c.oid, c.relname, c.relpages, c.relispartition, a.attname, a.attnum
)
SELECT s.oid, s.nspname::text AS schema, s.relname::text AS name, pg_get_userbyid(s.relowner)::text AS owner,
       pg_sequence_last_value(s.oid)::text AS "lastValue",
       s.seqincrement::text AS increment, s.seqmin::text AS min, s.seqmax::text AS max, s.seqcycle AS cycle,
       (SELECT json_build_object('schema', c.schema, 'table', c."table", 'column', c."column")
        FROM columns c WHERE c.oid = s.oid AND c.owns LIMIT 1) AS "ownedBy",
       coalesce((SELECT json_agg(json_build_object('schema', c.schema, 'table', c."table", 'column', c."column",
                                                   'inPrimaryKey', c.key, 'cheapMax', c.cheap)
                                 ORDER BY c.schema, c."table", c."column")
                 FROM columns c WHERE c.oid = s.oid AND c.counts), '[]') AS feeds
FROM sequences s
ORDER BY s.nspname, s.relname`;

/** Sub-selects in one statement: enough to save round trips, few enough to be planned quickly. */
const BATCH = 500;

/**
 * Reads the sequences of the schemas with their exact values, ordered by schema and name: one statement, and one more for each
 * 500 sequences that were never called (the catalog does not know what those start with).
 * @param only the names wanted, none meaning all: labels, or as a person writes them (see Schemas.find())
 * @throws RefusedError naming every sequence of `only` that is not there, or in several schemas
 */
export async function readSequences(session: Session, schemas: Schemas, only: readonly string[]): Promise<Sequence[]> {
  const wanted = await resolveNames(session, 'sequence', schemas, only);
  const rows = await session.query<SequenceRow>(SEQUENCES, [
    schemas.names,
    wanted.map(({ schema }) => schema),
    wanted.map(({ name }) => name),
  ]);
  const uncalled = await readUncalled(
    session,
    rows.filter(({ lastValue }) => lastValue === null),
  );
  return schemas.labelled(rows).map((row) => {
    // A sequence that was called between the two statements is in `uncalled` with is_called true.
    const state = row.lastValue === null ? uncalled.get(row.oid) : { lastValue: row.lastValue, isCalled: true };
    return {
      ...row,
      lastValue: BigInt(state?.lastValue ?? row.min),
      isCalled: state?.isCalled ?? false,
      increment: BigInt(row.increment),
      min: BigInt(row.min),
      max: BigInt(row.max),
    };
  });
}

async function readUncalled(
  session: Session,
  rows: readonly SequenceRow[],
): Promise<Map<number, { lastValue: string; isCalled: boolean }>> {
  const states = new Map<number, { lastValue: string; isCalled: boolean }>();
  for (let start = 0; start < rows.length; start += BATCH) {
    const selects = rows
      .slice(start, start + BATCH)
      .map(
        ({ oid, schema, name }) =>
          `SELECT ${String(oid)}::oid AS oid, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${qualified(schema, name)}`,
      );
    for (const { oid, ...state } of await session.query<{ oid: number; lastValue: string; isCalled: boolean }>(
      selects.join(' UNION ALL '),
    )) {
      states.set(oid, state);
    }
  }
  return states;
}
