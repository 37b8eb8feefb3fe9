import { BeltError } from '../../errors.js';
import { analyzeStep } from '../../data/analyze-step.js';
import { copyStep } from '../../data/copy-step.js';
import type { CopyTablesResult } from '../../data/copy-tables.js';
import type { SequencesResult } from '../../data/sequences.js';
import { largeObjectsStep } from '../../data/large-objects.js';
import { sequencesStep } from '../../data/sequences-steps.js';
import { forwardEndedStep, writersStep } from '../../data/source-checks.js';
import { validateStep } from '../../data/validate-step.js';
import { back } from '../../pglogical/direction.js';
import { subscriptionExists } from '../../pglogical/subscriptions.js';
import type { Pair } from '../../pair/pair.js';
import type { Plan, Step } from '../../pair/steps.js';
import { copiedTables, readTables, replicatedTables, type Table } from '../../postgres/catalog/tables.js';
import type { Label } from '../../postgres/schemas.js';
import type { SyncFields } from '../../results/sync.js';
import type { IndexResult } from '../../schema/deferred-indexes.js';
import { takenOff } from '../../schema/deferred-origin.js';
import { restoreTriggersStep, validateChecksStep } from '../../schema/relaxed.js';
import { quietSourceStep } from '../../schema/source-triggers.js';
import { databaseSettingsStep } from '../../schema/database.js';
import { schemaCheck } from '../../schema/check-schema.js';
import { constraintsStep, indexesStep, viewsStep } from '../../schema/deferred-steps.js';
import type { Outcome } from '../define.js';

interface Options {
  /** Whether belt makes constraints and indexes. */
  readonly schema: boolean;
  /** Whether materialized views that hold data already are refreshed again. */
  readonly refresh: boolean;
  /** Whether large objects are copied. */
  readonly largeObjects: boolean;
  readonly jobs: number;
}

type Detail = SyncFields['detail'];

/** Brings over what replication cannot, side by side where it can be, and compares both sides. */
export async function run(pair: Pair, options: Options): Promise<Outcome<SyncFields>> {
  const detail: Detail = {
    sequences: null,
    tables: null,
    indexes: [],
    views: [],
    large_objects: null,
    validation: null,
    schema: null,
  };
  let failure: BeltError | undefined;
  await pair.run([forwardEndedStep(pair), writersStep(pair, 'what they write now does not reach the destination')]);
  const tables = await pair.step({ name: 'read-source', title: 'read the tables of the source' }, async () =>
    readTables(await pair.src.root(), await pair.schemas(), pair.config.tables),
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
function plan(
  pair: Pair,
  { schema, refresh, largeObjects, jobs }: Options,
  tables: readonly Table[],
  detail: Detail,
): Plan {
  const keepIndexes = (results: readonly IndexResult[]): void => {
    detail.indexes = results.filter(({ status }) => status !== 'skipped_exists');
  };
  // What setup has taken off comes back in any case.
  const restored = [validateChecksStep(pair), restoreTriggersStep(pair)];
  const deferred: Plan = schema
    ? [constraintsStep(pair), ...restored, indexesStep(pair, { jobs, keep: keepIndexes })]
    : [constraintsStep(pair, { origin: takenOff(pair) }), ...restored];
  const validate = (name: string, which: string, some: readonly Table[]): Step =>
    validateStep(pair, { name, which, tables: some, rowCounts: () => rowCounts(detail) }, ({ result }) => {
      const all = [...(detail.validation?.tables ?? []), ...result.tables];
      detail.validation = { ...result, tables: all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
    });
  const keepSequences = (result: SequencesResult): void => {
    detail.sequences = result;
  };
  const keepTables = (result: CopyTablesResult): void => {
    detail.tables = result;
  };
  const views = viewsStep(pair, {
    again: refresh,
    keep: (results) => {
      detail.views = results;
    },
  });
  // With --no-schema somebody else makes what is missing, maybe later.
  const check = schemaCheck(pair, {
    strict: schema,
    keep: (differences) => {
      detail.schema = { differences: [...differences] };
    },
  });
  const toCopy = copiedTables(tables);
  const copied: Plan = [
    copyStep(pair, { tables: toCopy, jobs }, keepTables),
    {
      parallel: [
        [...deferred, { parallel: [[views, analyzeStep(pair, { jobs, onlyStale: true })], [check.compare]] }],
        [validate('validate-copied', 'copied', toCopy)],
      ],
    },
  ];
  const replicated = validate('validate-data', 'replicated', replicatedTables(tables));
  const objects = largeObjectsStep(pair, largeObjects, (result) => {
    detail.large_objects = result;
  });
  return [
    { parallel: [[sequencesStep(pair, {}, keepSequences)], copied, [replicated], [objects], [check.read]] },
    quietSourceStep(pair, () => subscriptionExists(back(pair))),
    // Last: they hold for every session that begins from then on.
    ...(schema ? [databaseSettingsStep(pair)] : []),
  ];
}

/** How many rows the tables have that were copied in this run, by label. */
function rowCounts({ tables }: Detail): Map<Label, number> {
  const loaded = tables?.tables.filter((table) => table.loaded) ?? [];
  return new Map(loaded.map((table) => [table.name as Label, table.row_count ?? 0]));
}
