import { chooseTables } from '../../data/choose-tables.js';
import { copyStep } from '../../data/copy-step.js';
import type { CopyTablesResult } from '../../data/copy-tables.js';
import { writersStep } from '../../data/source-checks.js';
import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { back, forward } from '../../pglogical/direction.js';
import { tablesFlowing } from '../../pglogical/replication-sets.js';
import { copiedTables, readTables, type Table } from '../../postgres/catalog/tables.js';
import { qualified } from '../../postgres/quote.js';
import type { Label } from '../../postgres/schemas.js';
import type { SyncTablesFields } from '../../results/sync-tables.js';
import type { Outcome } from '../define.js';

interface Options {
  /** The tables to copy; none means all that are not replicated. */
  readonly table: readonly string[];
  readonly jobs: number;
}

const STALE =
  'what they write into these tables from now on does not reach the destination, and no later command copies a table ' +
  'that has rows there; when nobody can write any more, empty (TRUNCATE) such tables on the destination, then run this ' +
  'again (or belt sync)';

/** Copies tables without primary key, or the tables named, whose destination is empty. */
export async function run(pair: Pair, { table: named, jobs }: Options): Promise<Outcome<SyncTablesFields>> {
  const explicit = named.length > 0;
  await pair.run([writersStep(pair, STALE)]);
  const chosen = await pair.step({ name: 'read-source', title: 'read the tables of the source' }, () =>
    chooseTables(pair, named, 'copied', (tables) => whyNotCopied(pair, tables)),
  );
  const tables = explicit ? chosen.filter(({ kind }) => kind === 'table') : copiedTables(chosen);
  let result: CopyTablesResult = {
    schema_name: (await pair.schemas()).text,
    discovery_mode: explicit ? 'explicit' : 'auto',
    tables: tables.map(planned),
  };
  try {
    await pair.run([
      copyStep(pair, { tables, explicit, jobs }, (done) => {
        result = done;
      }),
    ]);
  } catch (error) {
    // What was copied until then belongs into the result, beside the error.
    if (!(error instanceof BeltError)) throw error;
    return { fields: result, error };
  }
  return { fields: result };
}

/** What a table is until the copy has told otherwise. */
function planned({ label }: Table): CopyTablesResult['tables'][number] {
  return { name: label, loaded: false, skipped_reason: 'not copied', row_count: null, duration_ms: 0, error: null };
}

/**
 * Of tables that a person has named: those that the destination lacks, and those that replication fills. A copy of the
 * latter would meet the same rows from the source; back replication would even carry them to the source again.
 */
async function whyNotCopied(pair: Pair, tables: readonly Table[]): Promise<Map<Label, string>> {
  const [arriving, returning, there] = await Promise.all([
    tablesFlowing(forward(pair)),
    tablesFlowing(back(pair)),
    readTables(await pair.dst.root(), await pair.schemas(), []),
  ]);
  const destination = new Set(there.map(({ label }) => label));
  const reason = ({ schema, name, label }: Table): string | null => {
    if (!destination.has(label)) return 'is not on the destination: load the schema there first';
    const key = qualified(schema, name);
    if (arriving.has(key)) return `is in replication: its rows come by subscription ${forward(pair).subscription}`;
    if (!returning.has(key)) return null;
    return `is in back replication (subscription ${back(pair).subscription}), which would carry the copy back to the source`;
  };
  return new Map(
    tables.flatMap((table): [Label, string][] => {
      const why = reason(table);
      return why === null ? [] : [[table.label, why]];
    }),
  );
}
