import { KEPT_INDEXES } from '../../postgres/catalog/indexes.js';
import type { Schemas } from '../../postgres/schemas.js';
import type { Session } from '../../postgres/session.js';
import { PROGRAM_QUERIES } from './programs.js';
import { RELATION_QUERIES } from './relations.js';
import { COMMON } from './sql.js';
import { TYPE_QUERIES } from './types.js';

/** One object of a schema, or a part of one. */
export interface InventoryRow {
  /** null of what is in no schema: a cast. */
  readonly schema: string | null;
  /** `table`, `column`, `function`, as a person says it. */
  readonly kind: string;
  /** Its name, with the schema where these are several, quoted where need be: `orders.id`, `"by date" on orders`, `total(integer)`. */
  readonly object: string;
  /** The relation or domain it is a part of, or null. */
  readonly parent: string | null;
  /** The place of a column in its table. */
  readonly position: number | null;
  /** `(owner)` where it belongs to the config's owner; null where that does not matter. */
  readonly owner: string | null;
  /** All that defines it, with comment and privileges. */
  readonly lines: readonly string[];
  /** An index or a NOT VALID constraint that is made after the data. */
  readonly deferred: boolean;
  /** What a view selects, as this server writes it. */
  readonly query: string | null;
}

export interface InventoryOptions {
  readonly schemas: Schemas;
  /** Major version of the other side's server. */
  readonly otherMajor: number;
  /** The role that owns what belt loads on this side. */
  readonly owner: string;
  /** Roles whose privileges do not count. */
  readonly ignoredRoles: readonly string[];
}

/** Milliseconds; a schema of many thousands of objects takes a while. */
const TIME_LIMIT_MS = 300_000;

/**
 * All objects of the schemas, in one statement, without what belongs to extensions and without pglogical's triggers. Names
 * in definitions are qualified, as the session's search_path is empty. Without those of a schema that is not there.
 * @param kinds those that are wanted; all when left out
 */
export async function readInventory(
  session: Session,
  options: InventoryOptions,
  kinds?: readonly string[],
): Promise<InventoryRow[]> {
  return select<InventoryRow>(
    session,
    options,
    `* FROM objects WHERE $5::text[] IS NULL OR kind = ANY ($5) ORDER BY kind, object COLLATE "C"`,
    kinds ?? null,
  );
}

/** What stands for all objects of a kind: two servers whose digests are equal have the same ones. */
export interface InventoryDigest {
  readonly kind: string;
  readonly objects: number;
  readonly digest: string;
}

/** The digests of what readInventory() gives, made by the server. */
export async function readInventoryDigests(session: Session, options: InventoryOptions): Promise<InventoryDigest[]> {
  return select<InventoryDigest>(
    session,
    options,
    `kind, count(*)::int AS objects, encode(sha256(string_agg(hash, '' ORDER BY hash)), 'hex') AS digest
       FROM (SELECT kind, sha256(convert_to(o::text, 'UTF8')) AS hash FROM objects o) hashed
      WHERE $5::text[] IS NULL GROUP BY kind`,
    null,
  );
}

function select<Row extends object>(
  session: Session,
  { schemas, otherMajor, owner, ignoredRoles }: InventoryOptions,
  what: string,
  kinds: readonly string[] | null,
): Promise<Row[]> {
  const queries = [...RELATION_QUERIES, ...PROGRAM_QUERIES, ...TYPE_QUERIES].map((query) =>
    query({ major: session.major, otherMajor }),
  );
  return session.withStatementTimeout(TIME_LIMIT_MS, () =>
    session.query<Row>(
      `WITH RECURSIVE ${KEPT_INDEXES}, ${COMMON},
            objects(schema, kind, object, parent, "position", owner, lines, deferred, query) AS (${queries.join('\n UNION ALL \n')})
       SELECT ${what}`,
      [schemas.names, owner, ignoredRoles, schemas.qualify, kinds],
    ),
  );
}
