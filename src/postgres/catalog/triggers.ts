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
