import { qualified } from '../../postgres/quote.js';
import type { Table } from '../../postgres/catalog/tables.js';
import { defineKind, type Found } from '../kind.js';
import type { Facts } from '../facts.js';

/** What single tables of the source are, and so how their rows come over. */

function each(
  wanted: (table: Table) => boolean,
  tell: (table: Table) => { problem: string; remedy: string },
  word = 'table',
): (facts: Facts) => Found[] {
  return ({ src }) =>
    src.tables
      .filter(wanted)
      .map((table) => ({ side: 'src', object: `${word} ${qualified(table.schema, table.name)}`, ...tell(table) }));
}

const BY_SYNC = 'sync copies it in the downtime. What is written to it after the cutover does not reach the source.';

const unlogged = defineKind({
  code: 'unlogged-table',
  severity: 'note',
  means: 'An UNLOGGED table: its changes are not in the write-ahead log, so sync copies it in the downtime.',
  judge: each(
    ({ persistence, replicationMethod }) => persistence === 'unlogged' && replicationMethod === 'dump_and_load',
    () => ({ problem: 'is unlogged: its changes are not in the write-ahead log', remedy: BY_SYNC }),
  ),
});

const notReplicated = defineKind({
  code: 'table-not-replicated',
  severity: 'note',
  means:
    'pglogical cannot replicate the table (no primary key, a deferrable one, a replica identity or a column that it does not take), so sync copies it in the downtime.',
  judge: each(
    ({ persistence, replicationMethod }) => persistence !== 'unlogged' && replicationMethod === 'dump_and_load',
    ({ reason }) => ({ problem: `is not replicated: ${reason ?? ''}`, remedy: BY_SYNC }),
  ),
});

const foreign = defineKind({
  code: 'foreign-table',
  severity: 'note',
  means: 'A foreign table: its definition is carried, its rows are on another server.',
  judge: each(
    ({ kind }) => kind === 'foreign',
    () => ({
      problem: 'has its rows on another server',
      remedy: 'Its definition is carried; check that the destination may reach that server.',
    }),
    'foreign table',
  ),
});

const partitioned = defineKind({
  code: 'partitioned-table',
  severity: 'note',
  means: 'A partitioned table is replicated partition by partition, those that there are when setup runs.',
  judge: each(
    ({ kind }) => kind === 'partitioned',
    () => ({
      problem: 'is replicated partition by partition',
      remedy: 'Do not add partitions while the migration runs: new ones are not replicated.',
    }),
    'partitioned table',
  ),
});

const alwaysTrigger = defineKind({
  code: 'always-trigger',
  severity: 'note',
  means: 'Triggers ENABLE ALWAYS or ENABLE REPLICA stay quiet while rows are copied and replicated.',
  judge: each(
    ({ hasAlwaysTriggers }) => hasAlwaysTriggers,
    () => ({
      problem: 'has triggers ENABLE ALWAYS or ENABLE REPLICA, which would fire for every copied and replicated row',
      remedy: 'setup keeps them from that on the destination, and sync lets them fire again as on the source.',
    }),
  ),
});

export const TABLE_KINDS = [alwaysTrigger, unlogged, notReplicated, foreign, partitioned];
