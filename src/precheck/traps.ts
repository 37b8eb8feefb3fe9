import type { SideName } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { nodeName } from '../pglogical/direction.js';
import { canMakeSlotOn, isBefore, parseVersion } from '../pglogical/versions.js';
import type { Table } from '../postgres/catalog/tables.js';
import type { Finding } from '../results/precheck.js';
import { finding, majorOf } from './requirements.js';
import type { ServerFacts } from './server.js';

/** What goes wrong with pglogical although every setting is right, and what belt or the person does about it. */

const LONG_TRANSACTION_SECONDS = 60;

/** Traps that come from a server and its version. */
export function serverTraps(side: SideName, facts: ServerFacts, role: string): Finding[] {
  const found: Finding[] = [];
  if (facts.output_plugin_libraries !== null && !facts.output_plugin_libraries.includes('pglogical_output')) {
    found.push(
      finding(
        'note',
        side,
        'output_plugin_libraries',
        `is "${facts.output_plugin_libraries}": the server refuses pglogical's output plugin (CVE-2026-6471)`,
        `setup allows it for role ${role} alone.`,
      ),
    );
  }
  if (facts.node !== null && facts.node !== nodeName(side)) {
    found.push(
      finding(
        'fail',
        side,
        `node ${facts.node}`,
        'the database is a pglogical node of something else already',
        'Remove that node first: a database can be one node only.',
      ),
    );
  }
  if (facts.pglogical_version !== null && isBefore(parseVersion(facts.pglogical_version), [2, 4, 3])) {
    found.push(
      finding(
        'note',
        side,
        `pglogical ${facts.pglogical_version}`,
        'makes DROP DATABASE hang on its server',
        'Update to 2.4.3 or newer before you drop databases there, or restart the server without pglogical for it. Never end its supervisor process: it does not come back.',
      ),
    );
  }
  if (facts.large_objects && side === 'src') {
    found.push(
      finding(
        'warn',
        side,
        'large objects',
        'are there, and pglogical does not replicate them: their ids arrive, their contents do not',
        'Carry them yourself in the downtime (pg_dump --large-objects), or keep them elsewhere.',
      ),
    );
  }
  if (facts.prepared_transactions > 0 && side === 'src') {
    found.push(
      finding(
        'warn',
        side,
        'prepared transactions',
        `${String(facts.prepared_transactions)} are open: the replication slot cannot be made before they end`,
        'COMMIT PREPARED or ROLLBACK PREPARED them (see pg_prepared_xacts).',
      ),
    );
  }
  if (facts.oldest_transaction > LONG_TRANSACTION_SECONDS && side === 'src') {
    found.push(
      finding(
        'warn',
        side,
        'open transactions',
        `the oldest has been open for ${String(facts.oldest_transaction)} s: the replication slot waits for every transaction of the server`,
        'Let long transactions end before setup.',
      ),
    );
  }
  return found;
}

/** Traps that come from two versions that meet. */
export function versionTraps(src: ServerFacts, dst: ServerFacts): Finding[] {
  const found: Finding[] = [];
  if (dst.pglogical_version !== null && !canMakeSlotOn(parseVersion(dst.pglogical_version), majorOf(src))) {
    found.push(
      finding(
        'fail',
        'dst',
        `pglogical ${dst.pglogical_version}`,
        `cannot copy from PostgreSQL ${String(majorOf(src))}`,
        'Update pglogical on the destination to 2.4.5 or newer.',
      ),
    );
  }
  if (src.pglogical_version !== null && !canMakeSlotOn(parseVersion(src.pglogical_version), majorOf(dst))) {
    found.push(
      finding(
        'note',
        'src',
        `pglogical ${src.pglogical_version}`,
        `cannot make a slot on PostgreSQL ${String(majorOf(dst))}, which back replication needs`,
        'setup-back-replication makes the slot itself.',
      ),
    );
  }
  return found;
}

/** Traps that come from single tables. */
export function tableTraps(pair: Pair, tables: readonly Table[], deferrableUniques: readonly string[]): Finding[] {
  const found: Finding[] = [];
  for (const { label, replicationMethod, reason } of tables) {
    if (replicationMethod === 'dump_and_load') {
      found.push(
        finding(
          'note',
          'src',
          `table ${label}`,
          `is not replicated: ${reason ?? ''}`,
          'sync copies it in the downtime. What is written to it after the cutover does not reach the source.',
        ),
      );
    }
  }
  for (const { label, kind } of tables) {
    if (kind === 'foreign')
      found.push(
        finding(
          'note',
          'src',
          `foreign table ${label}`,
          'its rows are on another server',
          'Its definition is carried; check that the destination may reach that server.',
        ),
      );
    if (kind === 'partitioned')
      found.push(
        finding(
          'note',
          'src',
          `partitioned table ${label}`,
          'is replicated partition by partition',
          'Do not add partitions while the migration runs: new ones are not replicated.',
        ),
      );
  }
  for (const { label } of tables.filter(({ hasAlwaysTriggers }) => hasAlwaysTriggers)) {
    found.push(
      finding(
        'warn',
        'src',
        `table ${label}`,
        'has triggers ENABLE ALWAYS or ENABLE REPLICA: they fire on the destination for every copied and replicated row',
        'Disable them on the destination after the schema is loaded (ALTER TABLE ... DISABLE TRIGGER), and enable them after the cutover.',
      ),
    );
  }
  for (const name of deferrableUniques) {
    found.push(
      finding(
        'warn',
        'src',
        `constraint ${name}`,
        'is a deferrable unique constraint: a change that breaks it for a moment stops replication',
        'Drop it on the destination after setup, and add it after the cutover.',
      ),
    );
  }
  const owner = pair.src.config.owner_user.name;
  const others = tables.filter((table) => table.owner !== owner);
  if (others.length > 0) {
    found.push(
      finding(
        'warn',
        'src',
        'owners',
        `${String(others.length)} tables belong to other roles than ${owner}: ${others
          .slice(0, 5)
          .map(({ label }) => label)
          .join(', ')}`,
        `On the destination they will belong to ${pair.dst.config.owner_user.name}.`,
      ),
    );
  }
  return found;
}
