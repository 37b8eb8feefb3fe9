import type { KeyAtWork, KeysAtWork } from '../copy-progress.js';
import type { Pair } from '../pair/pair.js';
import { keyConstraints, type KeyConstraint } from '../postgres/catalog/keys.js';
import type { ObjectName } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { COPY_SESSIONS } from './copy-state.js';

/** What PostgreSQL tells of an index that is being built. Source: its documentation of pg_stat_progress_create_index. */
interface Building {
  readonly schema: string;
  readonly table: string;
  readonly phase: string;
  readonly blocks_done: number;
  readonly blocks_total: number;
  readonly tuples_done: number;
  readonly tuples_total: number;
}

/** How far the keys are that belt builds when it has copied the rows. The source is asked once for those that it has. */
export class KeysProgress {
  #wanted: Promise<KeyConstraint[]> | undefined;

  constructor(
    private readonly pair: Pair,
    private readonly tables: readonly ObjectName[],
  ) {}

  async look(): Promise<KeysAtWork> {
    const { src, dst } = await this.pair.roots();
    this.#wanted ??= keyConstraints(src, this.tables);
    const wanted = await this.#wanted.catch((error: unknown) => {
      this.#wanted = undefined;
      throw error;
    });
    const [missing, building] = await Promise.all([readMissing(dst, wanted), readBuilding(dst)]);
    return {
      done: wanted.length - missing.length,
      total: wanted.length,
      at_work: building.flatMap((one) => atWork(one, missing)),
    };
  }
}

/** Keys of one table are built one after the other, so it is the first that the table lacks. */
function atWork({ schema, table, phase, ...counts }: Building, missing: readonly ObjectOn[]): KeyAtWork[] {
  const key = missing.find((one) => one.schema === schema && one.table === table);
  if (key === undefined) return [];
  const [done, total] =
    counts.tuples_total > 0 ? [counts.tuples_done, counts.tuples_total] : [counts.blocks_done, counts.blocks_total];
  return [{ name: key.name, table, share: total > 0 ? Math.min(1, done / total) : null, doing: phase }];
}

type ObjectOn = Pick<KeyConstraint, 'schema' | 'table' | 'name'>;

async function readMissing(dst: Session, wanted: readonly ObjectOn[]): Promise<ObjectOn[]> {
  return dst.query<ObjectOn>(
    `SELECT w.schema, w."table", w.name
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (schema, "table", name, place)
      WHERE NOT EXISTS (SELECT FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = w.schema AND c.relname = w."table" AND k.conname = w.name)
      ORDER BY w.place`,
    [wanted.map(({ schema }) => schema), wanted.map(({ table }) => table), wanted.map(({ name }) => name)],
  );
}

async function readBuilding(dst: Session): Promise<Building[]> {
  // Older servers do not tell.
  if (dst.major < 12) return [];
  return dst.query<Building>(
    `SELECT n.nspname::text AS schema, c.relname::text AS "table", p.phase, p.blocks_done::float8, p.blocks_total::float8,
            p.tuples_done::float8, p.tuples_total::float8
       FROM pg_stat_progress_create_index p JOIN pg_stat_activity a USING (pid)
       JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE p.datname = current_database() AND a.application_name LIKE $1 ORDER BY c.relpages DESC, 1, 2`,
    [COPY_SESSIONS],
  );
}
