import { CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { examine } from '../../precheck/examine.js';
import type { SideFacts } from '../../precheck/facts.js';
import { rootOk } from '../../precheck/root-ok.js';
import type { PrecheckFields, PrecheckRole, PrecheckSide } from '../../results/precheck.js';
import type { Outcome } from '../define.js';

const NO_RDS = 'not on RDS';
/** How many of the failed requirements the error names; the list of findings has all. */
const SHOWN = 10;
const LIBRARIES = ['pglogical', 'pg_stat_statements'];

/** Reads both servers, and finds what stands in the way of a migration or is worth knowing before it. */
export async function run(pair: Pair): Promise<Outcome<PrecheckFields>> {
  const schemas = await pair.schemas();
  const { facts, findings } = await examine(pair);
  const { src, dst, tools } = facts;
  const there = new Set(dst.extensions.map(({ name }) => name));
  const fields: PrecheckFields = {
    src: sideFields(schemas.text, src, dst),
    dst: sideFields(schemas.text, dst, src),
    extensions_match: src.extensions.every(({ name }) => there.has(name)),
    client_tools: tools.map(({ name, ok, path, version }) => ({ name, ok, path, version })),
    findings,
  };
  const failed = findings.filter(({ severity }) => severity === 'fail');
  if (failed.length === 0) return { fields };
  const count = failed.length === 1 ? '1 requirement is' : `${failed.length} requirements are`;
  const list = failed.slice(0, SHOWN).map(({ side, object, problem }) => `${side}: ${object} ${problem}`);
  const more = failed.length > SHOWN ? `; and ${failed.length - SHOWN} more` : '';
  return {
    fields,
    error: new CheckFailedError(`${count} not met: ${list.join('; ')}${more}`, {
      hint: 'Do what the list of findings says, then run precheck again.',
      detail: { failed: failed.length, codes: [...new Set(failed.map(({ code }) => code))] },
    }),
  };
}

function sideFields(
  schemas: string,
  { side, server, root, owner, tables, sequences, extensions }: SideFacts,
  other: SideFacts,
): PrecheckSide {
  return {
    db: side.config.db,
    schema_name: schemas,
    server_version: server.server_version,
    max_replication_slots: server.max_replication_slots,
    max_worker_processes: server.max_worker_processes,
    max_wal_senders: server.max_wal_senders,
    wal_level: server.wal_level,
    shared_preload_libraries: server.shared_preload_libraries ?? [],
    rds_logical_replication: server.rds_logical_replication ?? NO_RDS,
    output_plugin_libraries: server.output_plugin_libraries,
    pglogical_version: server.pglogical_version,
    root_user: root ?? absentRole(side.config.root_user.name),
    owner_user: owner,
    tables: tables.map((table) => ({
      name: table.name,
      schema_name: table.schema,
      owner: table.owner,
      has_primary_key: table.primaryKey !== null,
      replication_method: table.replicationMethod,
      can_replicate: table.replicationMethod !== 'unavailable',
      reason: table.reason,
    })),
    sequences: sequences.map(({ name, schema, owner: ownedBy }) => ({
      name,
      schema_name: schema,
      owner: ownedBy,
      object_type: 'sequence',
      can_replicate: true,
    })),
    extensions: extensions.map(({ name }) => ({
      extname: name,
      in_other_side: other.extensions.some((one) => one.name === name),
    })),
    root_ok: rootOk(root),
    owner_ok: owner?.rolcanlogin === true,
    shared_preload_ok: LIBRARIES.every((name) => server.shared_preload_libraries?.includes(name) === true),
  };
}

/** The root user logs in, so it exists; only a role mapped by the server under another name can be absent. */
function absentRole(rolname: string): PrecheckRole {
  return {
    rolname,
    rolcanlogin: true,
    rolcreaterole: false,
    rolinherit: false,
    rolsuper: false,
    memberof: [],
    can_create: false,
  };
}
