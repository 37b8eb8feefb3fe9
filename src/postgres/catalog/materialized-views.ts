import type { Label, Schemas } from '../schemas.js';
import type { Session } from '../session.js';

export interface MaterializedView {
  readonly schema: string;
  readonly name: string;
  readonly label: Label;
  /** False after CREATE ... WITH NO DATA: it cannot be read until it is refreshed. */
  readonly populated: boolean;
  /** Whether it has what REFRESH ... CONCURRENTLY needs: a unique index over columns and all rows. */
  readonly concurrently: boolean;
}

/**
 * The schemas' materialized views, each after those that it reads from: directly, through views, or through functions
 * whose bodies PostgreSQL knows (BEGIN ATOMIC).
 */
export async function materializedViews(session: Session, schemas: Schemas): Promise<MaterializedView[]> {
  const views = await session.query<Omit<MaterializedView, 'label'>>(
    `WITH RECURSIVE reads(reader, relation) AS (
       SELECT DISTINCT w.ev_class, d.refobjid
         FROM pg_rewrite w
         JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                         AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid <> w.ev_class
       UNION
       SELECT d.objid, d.refobjid FROM pg_depend d
        WHERE d.classid = 'pg_proc'::regclass AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
          AND d.refobjid >= 16384 AND d.objid <> d.refobjid
     ), beneath(view, relation) AS (
       SELECT reader, relation FROM reads
       UNION SELECT b.view, r.relation FROM beneath b JOIN reads r ON r.reader = b.relation
     )
     SELECT n.nspname::text AS schema, c.relname AS name, c.relispopulated AS populated,
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                       AND i.indpred IS NULL AND i.indexprs IS NULL) AS concurrently
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1::text[])
      WHERE c.relkind = 'm'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                  AND d.deptype = 'e')
      -- One that reads another has all of the other's beneath it, and the other itself.
      ORDER BY (SELECT count(*) FROM beneath b JOIN pg_class m ON m.oid = b.relation AND m.relkind = 'm'
                 WHERE b.view = c.oid), n.nspname, c.relname`,
    [schemas.names],
  );
  return schemas.labelled(views);
}
