import pMap from 'p-map';
import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { constraintComments, constraintKey } from '../postgres/catalog/constraints.js';
import { keyConstraints, type KeyConstraint } from '../postgres/catalog/keys.js';
import { ident, literal, qualified } from '../postgres/quote.js';
import type { ObjectName } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/**
 * Keys that are built when the rows are there: that takes less time than to keep an index up while rows come in, and several
 * are built at once. Replication needs them, so they are there before it begins.
 */

/** Sorting in memory is what makes building an index fast; a server that allows more keeps its own setting. */
const SORT_MEMORY = '256MB';

/** The step that builds the keys of the tables that the destination lacks. @param controls says how many at once */
export function keysStep(pair: Pair, tables: readonly ObjectName[], controls: { readonly jobs: number }): Step {
  let found: KeyConstraint[] | undefined;
  return {
    name: 'build-keys',
    title: 'build the keys of the tables that were copied',
    done: async () => {
      found = await missingKeys(pair, tables);
      return found.length === 0 ? 'they are there' : null;
    },
    run: async (progress) => {
      const missing = found ?? (await missingKeys(pair, tables));
      await buildKeys(pair, missing, controls.jobs, progress);
      return `built ${String(missing.length)}`;
    },
  };
}

/** The source's keys that the destination lacks, those of big tables first. */
async function missingKeys(pair: Pair, tables: readonly ObjectName[]): Promise<KeyConstraint[]> {
  const { src, dst } = await pair.roots();
  const [wanted, there] = await Promise.all([
    keyConstraints(src, tables),
    constraintComments(dst, await pair.schemas()),
  ]);
  return wanted.filter(
    ({ schema, table, name }) => !there.has(constraintKey({ on: 'table', schema, relation: table, name })),
  );
}

/** Builds them as their tables' owner (see builder()); those of one table one after the other. */
async function buildKeys(
  pair: Pair,
  keys: readonly KeyConstraint[],
  jobs: number,
  progress: (text: string) => void,
): Promise<void> {
  const byTable = new Map<string, KeyConstraint[]>();
  for (const key of keys) {
    const table = qualified(key.schema, key.table);
    byTable.set(table, [...(byTable.get(table) ?? []), key]);
  }
  const sessions = Math.max(1, Math.min(jobs, byTable.size));
  let built = 0;
  await pair.dst.withSessions(
    sessions,
    await builder(pair.dst, (await pair.schemas()).names),
    async (opened) => {
      const free = [...opened];
      for (const session of opened) {
        await session.query(
          `SELECT set_config('maintenance_work_mem', $1, false)
            WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes($1)`,
          [SORT_MEMORY],
        );
      }
      await pMap(
        byTable.values(),
        async (some) => {
          const session = free.pop();
          if (session === undefined) throw new Error('more tables than sessions');
          for (const key of some) {
            await buildKey(session, key);
            built += 1;
            progress(`${String(built)} of ${String(keys.length)}, last "${key.name}" on "${key.table}"`);
          }
          free.push(session);
        },
        { concurrency: sessions },
      );
    },
    DDL_TIMEOUTS,
  );
}

async function buildKey(session: Session, key: KeyConstraint): Promise<void> {
  const table = qualified(key.schema, key.table);
  try {
    await runDdl(session, key.schema, async () => {
      await session.query(`ALTER TABLE ${table} ADD CONSTRAINT ${ident(key.name)} ${key.definition}`);
      if (key.comment !== null)
        await session.query(`COMMENT ON CONSTRAINT ${ident(key.name)} ON ${table} IS ${literal(key.comment)}`);
      if (key.clustered) await session.query(`ALTER TABLE ${table} CLUSTER ON ${ident(key.name)}`);
    });
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new QueryError(
      `key "${key.name}" of "${key.schema}"."${key.table}" could not be built on the destination: ${error.message}`,
      {
        hint: error.hint ?? 'Put right what PostgreSQL complains of, then run the same command again: it goes on here.',
        detail: { ...error.detail, object: `${key.schema}.${key.table}.${key.name}` },
        cause: error,
      },
    );
  }
}
