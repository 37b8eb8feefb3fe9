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

/** What one run builds: the keys of tables that are whole while others are still copied, and then those that are left. */
export class LateKeys {
  /** What the destination lacked when the copy began, by the table. */
  #lacking = new Map<string, readonly KeyConstraint[]>();
  #waiting: string[] = [];
  /** The table whose keys are built beside the copy. */
  #building: string | undefined;
  #beside: Promise<void> | undefined;
  #builtBeside = 0;

  /** @param controls says how many are built at once when all rows are there; beside the copy, it is one */
  constructor(
    private readonly pair: Pair,
    private readonly tables: readonly ObjectName[],
    private readonly controls: { readonly jobs: number },
  ) {}

  /** Looks up what is missing, so that whole() knows. */
  async expect(): Promise<void> {
    this.#lacking = byTable(await missingKeys(this.pair, this.tables));
  }

  /**
   * Tables are whole: their keys are built beside what is still copied. Does not wait, and never throws: what goes wrong
   * here is left to the step.
   */
  whole(tables: readonly ObjectName[]): void {
    const names = tables.map(({ schema, name }) => qualified(schema, name));
    this.#waiting.push(...names.filter((name) => this.#lacking.has(name)));
    if (this.#waiting.length > 0) this.#beside ??= this.#buildBeside().finally(() => (this.#beside = undefined));
  }

  async #buildBeside(): Promise<void> {
    for (;;) {
      this.#building = this.#waiting.shift();
      if (this.#building === undefined) return;
      const keys = this.#lacking.get(this.#building) ?? [];
      try {
        await buildKeys(this.pair, keys, 1, () => undefined);
        this.#builtBeside += keys.length;
      } catch {
        // The step tries again, and tells.
      }
    }
  }

  /** The step that builds those that are left when all rows are there. */
  step(): Step {
    return {
      name: 'build-keys',
      title: 'build the keys of the tables that were copied',
      done: async () => {
        const missing = await missingKeys(this.pair, this.tables);
        return missing.length === 0 && this.#beside === undefined ? `they are there${this.#beforeThat()}` : null;
      },
      run: async (progress) => {
        const { jobs } = this.controls;
        // What is being built beside goes on; nothing more is begun there.
        this.#waiting = [];
        const beside = this.#building;
        const missing = await missingKeys(this.pair, this.tables);
        const others = missing.filter(({ schema, table }) => qualified(schema, table) !== beside);
        await Promise.all([this.#beside, buildKeys(this.pair, others, jobs, progress)]);
        const left = beside === undefined ? [] : await missingKeys(this.pair, this.tables);
        await buildKeys(this.pair, left, jobs, progress);
        return `built ${String(others.length + left.length)}${this.#beforeThat()}`;
      },
    };
  }

  #beforeThat(): string {
    return this.#builtBeside === 0 ? '' : `, and ${String(this.#builtBeside)} while other tables were copied`;
  }
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
  if (keys.length === 0) return;
  const tables = byTable(keys);
  const sessions = Math.min(jobs, tables.size);
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
        tables.values(),
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

function byTable(keys: readonly KeyConstraint[]): Map<string, KeyConstraint[]> {
  const tables = new Map<string, KeyConstraint[]>();
  for (const key of keys) {
    const table = qualified(key.schema, key.table);
    tables.set(table, [...(tables.get(table) ?? []), key]);
  }
  return tables;
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
