import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** Oids of the triggers that pglogical puts on replicated tables of the schemas; they are no part of them. */
export async function pglogicalTriggers(session: Session, schemas: Schemas): Promise<number[]> {
  const rows = await session.query<{ oid: number }>(
    `SELECT g.oid::int8::float8 AS oid
       FROM pg_trigger g
       JOIN pg_class r ON r.oid = g.tgrelid
       JOIN pg_namespace n ON n.oid = r.relnamespace AND n.nspname = ANY ($1::text[])
       JOIN pg_proc p ON p.oid = g.tgfoid
       JOIN pg_namespace pn ON pn.oid = p.pronamespace AND pn.nspname = 'pglogical'`,
    [schemas.names],
  );
  return rows.map((row) => row.oid);
}

/** When a trigger fires: for the application (O), for replicated and copied rows (R), for both (A), never (D). */
export type TriggerState = 'O' | 'R' | 'A' | 'D';

export interface TriggerFacts {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly state: TriggerState;
}

/** The triggers that somebody made on tables of the schema, those of partitions that came with their parent's too. */
export async function triggerStates(session: Session, schemas: Schemas): Promise<TriggerFacts[]> {
  return session.query<TriggerFacts>(
    `SELECT n.nspname::text AS schema, r.relname AS "table", g.tgname AS name, g.tgenabled AS state
       FROM pg_trigger g JOIN pg_class r ON r.oid = g.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace
       JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
      WHERE n.nspname = ANY ($1::text[]) AND pn.nspname <> 'pglogical' AND (NOT g.tgisinternal OR g.tgparentid <> 0)
        -- Those of foreign keys and the like are the server's.
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype <> 't')
      ORDER BY 1, 2, 3`,
    [schemas.names],
  );
}
