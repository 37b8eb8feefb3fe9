import { CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Side } from '../../pair/side.js';
import { deferrableUniqueConstraints } from '../../postgres/catalog/constraints.js';
import { extensionsOf } from '../../postgres/catalog/extensions.js';
import { absentSchemas } from '../../postgres/catalog/movable-schemas.js';
import { readSequences } from '../../postgres/catalog/sequences.js';
import { readTables, type Table } from '../../postgres/catalog/tables.js';
import type { ObjectName, Schemas } from '../../postgres/schemas.js';
import { betweenServers, finding, majorOf, roleFindings, rootOk, serverFindings } from '../../precheck/requirements.js';
import { readRole, readServer, type ServerFacts } from '../../precheck/server.js';
import { serverTraps, tableTraps, versionTraps } from '../../precheck/traps.js';
import { checkTools } from '../../process/tools.js';
import type { Finding, PrecheckFields, PrecheckRole, PrecheckSide } from '../../results/precheck.js';
import { missingExtensions } from '../../schema/extensions.js';
import { missingGrantRoles } from '../../schema/grant-roles.js';
import type { Outcome } from '../define.js';

interface SideFacts {
  side: Side;
  server: ServerFacts;
  root: PrecheckRole | null;
  owner: PrecheckRole | null;
  /** Schemas that move and that the side has not. */
  absent: string[];
  tables: Table[];
  sequences: { name: string; schema: string; owner: string }[];
  extensions: string[];
}

const ORDER: readonly Finding['severity'][] = ['fail', 'warn', 'note'];
const NO_RDS = 'not on RDS';

/** Reads both servers, and finds what stands in the way of a migration or is worth knowing before it. */
export async function run(pair: Pair): Promise<Outcome<PrecheckFields>> {
  const schemas = await pair.schemas();
  const [src, dst] = await Promise.all([
    readSide(pair, schemas, pair.src, true),
    readSide(pair, schemas, pair.dst, false),
  ]);
  const tools = await checkTools(pair.environment, { source: majorOf(src.server), destination: majorOf(dst.server) });
  const findings = [
    ...sideFindings(src),
    ...sideFindings(dst),
    ...betweenServers(src.server, dst.server, pair.src.config.db === pair.dst.config.db),
    ...versionTraps(src.server, dst.server),
    ...src.absent.map((name) =>
      finding('fail', 'src', `schema ${name}`, 'does not exist', 'Mend "schema_name" in the config.'),
    ),
    ...tableTraps(pair, src.tables, await deferrableUniqueConstraints(await pair.src.root(), schemas)),
    ...(await extensionFindings(pair)),
    ...(await grantFindings(pair)),
    ...tools
      .filter(({ ok }) => !ok)
      .map(({ problem, remedy }) => finding('fail', 'belt', 'client tools', problem ?? '', remedy ?? '')),
  ].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const fields: PrecheckFields = {
    src: sideFields(schemas, src, dst),
    dst: sideFields(schemas, dst, src),
    extensions_match: src.extensions.every((name) => dst.extensions.includes(name)),
    client_tools: tools.map(({ name, ok, path, version }) => ({ name, ok, path, version })),
    findings,
  };
  const failed = findings.filter(({ severity }) => severity === 'fail');
  if (failed.length === 0) return { fields };
  const count = failed.length === 1 ? '1 requirement is' : `${String(failed.length)} requirements are`;
  const list = failed.map(({ side, object, problem }) => `${side}: ${object} ${problem}`);
  return {
    fields,
    error: new CheckFailedError(`${count} not met: ${list.join('; ')}`, {
      hint: 'Do what the list of findings says, then run precheck again.',
      detail: { failed: failed.length },
    }),
  };
}

/** @param strict whether names in `tables` and `sequences` must be there: on the destination they come with setup */
async function readSide(pair: Pair, schemas: Schemas, side: Side, strict: boolean): Promise<SideFacts> {
  const session = await side.root();
  const server = await readServer(side);
  const root = await readRole(session, side.config.root_user.name, schemas);
  const owner = await readRole(session, side.config.owner_user.name, schemas);
  const absent = await absentSchemas(session, schemas);
  const wanted = (names: readonly string[]): readonly string[] => (strict && absent.length === 0 ? names : []);
  const only = (names: readonly string[], object: ObjectName): boolean =>
    strict || names.length === 0 || schemas.named(names, object);
  const tables = await readTables(session, schemas, wanted(pair.config.tables));
  const sequences = await readSequences(session, schemas, wanted(pair.config.sequences));
  const extensions = await extensionsOf(session);
  return {
    side,
    server,
    root,
    owner,
    absent,
    tables: tables.filter((table) => only(pair.config.tables, table)),
    sequences: sequences.filter((sequence) => only(pair.config.sequences, sequence)),
    extensions: extensions.map(({ name }) => name),
  };
}

function sideFindings({ side, server, root, owner, absent }: SideFacts): Finding[] {
  return [
    ...serverFindings(side.name, server),
    ...roleFindings(side, root, owner, absent.length === 0),
    ...serverTraps(side.name, server, side.config.pglogical_user.name),
  ];
}

async function extensionFindings(pair: Pair): Promise<Finding[]> {
  return (await missingExtensions(pair)).map(({ name, available }) =>
    available
      ? finding('note', 'dst', `extension ${name}`, 'is not there yet', 'setup creates it.')
      : finding(
          'fail',
          'dst',
          `extension ${name}`,
          'is not installed on the server',
          'Install its package on the destination server.',
        ),
  );
}

async function grantFindings(pair: Pair): Promise<Finding[]> {
  return (await missingGrantRoles(pair)).map(({ role, usedBy, statement }) =>
    finding(
      'fail',
      'dst',
      `role ${role}`,
      `does not exist, and ${usedBy[0] ?? 'a grant'} names it`,
      `Run on the destination: ${statement}`,
    ),
  );
}

function sideFields(
  schemas: Schemas,
  { side, server, root, owner, tables, sequences, extensions }: SideFacts,
  other: SideFacts,
): PrecheckSide {
  const findings = serverFindings(side.name, server);
  return {
    db: side.config.db,
    schema_name: schemas.text,
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
    extensions: extensions.map((extname) => ({ extname, in_other_side: other.extensions.includes(extname) })),
    root_ok: rootOk(root),
    owner_ok: owner?.rolcanlogin === true,
    shared_preload_ok:
      server.shared_preload_libraries !== null && !findings.some(({ object }) => object === 'shared_preload_libraries'),
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
