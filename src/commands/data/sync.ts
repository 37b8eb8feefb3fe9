import { BeltError, RefusedError } from '../../errors.js';
import { analyzeStep } from '../../data/analyze-step.js';
import { copyTables } from '../../data/copy-tables.js';
import { syncSequences } from '../../data/sequences.js';
import { validateData } from '../../data/validate.js';
import { exclusionsFor } from '../../logins/exclusions.js';
import { clientSessions, describeSessions } from '../../logins/sessions.js';
import type { Pair } from '../../pair/pair.js';
import type { Plan, Step } from '../../pair/steps.js';
import { forward } from '../../pglogical/direction.js';
import { readSubscription } from '../../pglogical/state.js';
import { copiedTables, readTables, replicatedTables, type Table } from '../../postgres/catalog/tables.js';
import type { SyncFields } from '../../results/sync.js';
import type { IndexResult } from '../../schema/deferred-indexes.js';
import { constraintsStep, indexesStep, viewsStep } from '../../schema/deferred-steps.js';
import type { Outcome } from '../define.js';

interface Options {
  /** Whether belt makes constraints and indexes. */
  readonly schema: boolean;
  readonly jobs: number;
}

type Detail = SyncFields['detail'];

/** Brings over what replication cannot, side by side where it can be, and compares both sides. */
export async function run(pair: Pair, options: Options): Promise<Outcome<SyncFields>> {
  const detail: Detail = { sequences: null, tables: null, indexes: [], validation: null };
  let failure: BeltError | undefined;
  await pair.run([forwardStep(pair), writersStep(pair)]);
  const tables = await pair.step({ name: 'read-source', title: 'read the tables of the source' }, async () =>
    readTables(await pair.src.root(), pair.schema, pair.config.tables),
  );
  try {
    await pair.run(plan(pair, options, tables, detail));
  } catch (error) {
    // What was done until then belongs into the result, beside the error.
    if (!(error instanceof BeltError)) throw error;
    failure = error;
  }
  return { fields: { detail }, error: failure };
}

/**
 * What is done side by side. Rows of replicated tables can be compared from the start; tables that are copied get their
 * constraints only when the rows are in (rows may break them), and are compared then. Whatever fails, the rest goes on:
 * the operator wants to know all of it at once.
 */
function plan(pair: Pair, { schema, jobs }: Options, tables: readonly Table[], detail: Detail): Plan {
  const keepIndexes = (results: readonly IndexResult[]): void => {
    detail.indexes = results.filter(({ status }) => status !== 'skipped_exists');
  };
  const deferred: Plan = schema ? [constraintsStep(pair), indexesStep(pair, { jobs, keep: keepIndexes })] : [];
  const copied: Plan = [
    tablesStep(pair, detail, tables, jobs),
    {
      parallel: [
        [...deferred, viewsStep(pair), analyzeStep(pair, { jobs, onlyStale: true })],
        [validateStep(pair, detail, copiedTables(tables), { name: 'validate-copied', which: 'copied' })],
      ],
    },
  ];
  const replicated = validateStep(pair, detail, replicatedTables(tables), {
    name: 'validate-data',
    which: 'replicated',
  });
  return [{ parallel: [[sequencesStep(pair, detail)], copied, [replicated]] }];
}

/** While rows still arrive nothing that is copied or compared would stay true. */
function forwardStep(pair: Pair): Step {
  const direction = forward(pair);
  return {
    name: 'check-forward-replication',
    title: 'check that forward replication has ended',
    readOnly: true,
    run: async () => {
      const subscription = await readSubscription(await pair.dst.root(), direction.subscription);
      if (subscription === null) return undefined;
      throw new RefusedError(
        `forward replication of "${pair.db}" is still configured (subscription ${direction.subscription} on the ${pair.dst.toString()})`,
        {
          hint: 'Run belt revoke-logins and belt teardown-forward-replication first.',
          detail: { side: 'dst', object: direction.subscription },
        },
      );
    },
  };
}

function writersStep(pair: Pair): Step {
  return {
    name: 'check-writers',
    title: 'look for sessions that can still write on the source',
    readOnly: true,
    run: async () => {
      const exclusions = exclusionsFor(pair, { excludeUser: [], excludePattern: [] });
      const left = describeSessions(await clientSessions(await pair.src.root(), exclusions));
      return left === '' ? 'there are none' : `WARNING: ${left}: what they write now does not reach the destination`;
    },
  };
}

function sequencesStep(pair: Pair, detail: Detail): Step {
  return {
    name: 'sync-sequences',
    title: 'set the sequences on the destination',
    run: async () => {
      const result = await syncSequences(pair);
      detail.sequences = result;
      const all = [...result.pk_sequences, ...result.non_pk_sequences];
      return `set ${String(all.filter(({ synced }) => synced).length)} of ${String(all.length)}`;
    },
  };
}

function tablesStep(pair: Pair, detail: Detail, tables: readonly Table[], jobs: number): Step {
  return {
    name: 'sync-tables',
    title: 'copy the tables that are not replicated',
    run: async (progress) => {
      const { result, error } = await copyTables(pair, { tables, jobs, progress });
      detail.tables = result;
      if (error !== undefined) throw error;
      const loaded = result.tables.filter((table) => table.loaded).length;
      return `copied ${String(loaded)} of ${String(result.tables.length)}`;
    },
  };
}

function validateStep(
  pair: Pair,
  detail: Detail,
  tables: readonly Table[],
  { name, which }: { name: string; which: string },
): Step {
  return {
    name,
    title: `compare rows of the ${which} tables on both sides`,
    run: async () => {
      const loaded = detail.tables?.tables.filter((table) => table.loaded) ?? [];
      const rowCounts = new Map(loaded.map((table) => [table.name, table.row_count ?? 0]));
      const { result, error } = await validateData(pair, { tables, rowCounts });
      const all = [...(detail.validation?.tables ?? []), ...result.tables];
      detail.validation = { ...result, tables: all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
      if (error !== undefined) throw error;
      const rows = result.tables.reduce((sum, { rows_compared }) => sum + rows_compared, 0);
      return `${String(rows)} rows of ${String(tables.length)} tables are equal`;
    },
  };
}
