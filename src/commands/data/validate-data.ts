import { chooseTables } from '../../data/choose-tables.js';
import { arriving, notCopiedYet, replicationStep, settling, type Replication } from '../../data/comparison-scope.js';
import { fullStep } from '../../data/full/full-step.js';
import type { Validation } from '../../data/validate.js';
import { validateStep } from '../../data/validate-step.js';
import { BeltError, CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Step } from '../../pair/steps.js';
import { copiedTables, type Table } from '../../postgres/catalog/tables.js';
import type { Label } from '../../postgres/schemas.js';
import type { ValidateDataFields } from '../../results/validate-data.js';
import type { Outcome } from '../define.js';

interface Options {
  /** The tables to compare; none means all that move. */
  readonly table: readonly string[];
  /** Whether every row is compared. */
  readonly full: boolean;
  readonly jobs: number;
  /** Rows that are told one by one, with --full: of all tables together. */
  readonly maxDifferences: number;
  /** Seconds that rows in flight get to arrive. */
  readonly deadline: number;
}

const NOT_COPIED = 'not copied yet: sync copies it in the downtime';

/** Compares rows of both sides, and changes nothing; rows that differ are an error. */
export async function run(pair: Pair, options: Options): Promise<Outcome<ValidateDataFields>> {
  const { replication, tables, skipped } = await look(pair, options.table);
  const fields: ValidateDataFields = {
    schema_name: (await pair.schemas()).text,
    tables: skipped.map(skippedRow),
    differences: [],
  };
  const keep = ({ result, differences }: Validation): void => {
    const compared = result.tables.map((row) => ({ ...row, skipped_reason: null }));
    fields.tables = [...compared, ...skipped.map(skippedRow)].sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    );
    fields.differences = differences.map(({ missingOn, columns, ...rest }) => ({
      ...rest,
      columns: columns.map((column) => ({ ...column })),
      missing_on: missingOn,
    }));
  };
  try {
    await pair.run([comparison(pair, options, replication, tables, keep)]);
  } catch (error) {
    // What was compared until then belongs into the result, beside the error.
    if (!(error instanceof BeltError)) throw error;
    return { fields, error: error instanceof CheckFailedError ? explain(error, fields, replication, tables) : error };
  }
  return { fields };
}

/** The step that compares a sample of the rows, or all of them. */
function comparison(
  pair: Pair,
  { full, jobs, maxDifferences, deadline }: Options,
  replication: Replication,
  tables: readonly Table[],
  keep: (validation: Validation) => void,
): Step {
  const deadlineMs = deadline * 1000;
  if (full) {
    return fullStep(pair, { tables, jobs, maxDifferences, deadlineMs, replicating: arriving(replication) }, keep);
  }
  return validateStep(
    pair,
    { name: 'validate-data', tables, jobs, settle: settling(pair, replication, deadlineMs) },
    keep,
  );
}

/** Finds out how replication is, and what there is to compare. */
async function look(
  pair: Pair,
  named: readonly string[],
): Promise<{ replication: Replication; tables: Table[]; skipped: Table[] }> {
  const found: { replication?: Replication } = {};
  await pair.run([
    replicationStep(pair, (replication) => {
      found.replication = replication;
    }),
  ]);
  const { replication } = found;
  if (replication === undefined) throw new Error('step check-replication gave no result');
  return pair.step({ name: 'read-source', title: 'read the tables of the source' }, async () => {
    const all = await chooseTables(pair, named, 'compared', async (tables) => {
      const waiting = await notCopiedYet(pair, tables, replication);
      return new Map([...waiting].map((label) => [label, `is ${NOT_COPIED}`]));
    });
    const waiting = named.length > 0 ? new Set<Label>() : await notCopiedYet(pair, all, replication);
    return {
      replication,
      tables: all.filter(({ label }) => !waiting.has(label)),
      skipped: all.filter(({ label }) => waiting.has(label)),
    };
  });
}

function skippedRow({ label, identityColumns, primaryKey }: Table): ValidateDataFields['tables'][number] {
  return {
    name: label,
    strategy: (identityColumns ?? primaryKey) === null ? 'no_pkey_presence' : 'random_100',
    rows_compared: 0,
    passed: false,
    mismatch_detail: null,
    skipped_reason: NOT_COPIED,
  };
}

/** Says in the hint what replication may have to do with a difference. */
function explain(
  error: CheckFailedError,
  fields: ValidateDataFields,
  replication: Replication,
  tables: readonly Table[],
): CheckFailedError {
  const differing = new Set(
    fields.tables.flatMap(({ name, mismatch_detail }) => (mismatch_detail === null ? [] : name)),
  );
  const keyless = copiedTables(tables).some(({ label }) => differing.has(label));
  const hints = [error.hint];
  if (replication.forward.status === 'down') {
    hints.push('Forward replication is down: what was written on the source since has not arrived. See belt status.');
  } else if (arriving(replication)) {
    hints.push('Where replication is far behind (belt status tells), give rows longer to arrive: --deadline.');
  }
  if (keyless && replication.forward.status !== 'unconfigured') {
    hints.push(
      'Tables without key are not replicated: what was copied of them early is out of date. Empty them on the ' +
        'destination (TRUNCATE), and let sync copy them in the downtime.',
    );
  } else if (keyless && replication.back.status !== 'unconfigured') {
    hints.push(
      'Tables without key are not replicated back: what applications have written to them on the destination is not on ' +
        'the source.',
    );
  } else if (keyless) {
    hints.push('Tables without key that are empty on the destination: belt sync-tables copies them.');
  }
  return new CheckFailedError(error.message, {
    hint: hints.filter((hint) => hint !== undefined).join(' '),
    detail: error.detail,
    cause: error,
  });
}
