import type { SideName } from '../errors.js';
import type { Side } from '../pair/side.js';
import type { Finding, PrecheckRole } from '../results/precheck.js';
import type { ServerFacts } from './server.js';

/** The least that pglogical needs for a migration with both directions, as the reference tool asks for it. */
const LEAST = 20;

/** The oldest major version whose catalogs have all that belt asks for (pg_replication_slots.wal_status). */
const OLDEST = 13;
const REQUIRED_LIBRARIES = ['pglogical', 'pg_stat_statements'];

export const finding = (
  severity: Finding['severity'],
  side: Finding['side'],
  object: string,
  problem: string,
  remedy: string,
): Finding => ({ severity, side, object, problem, remedy });

/** What one server must have: settings, libraries, the extension's files. */
export function serverFindings(side: SideName, facts: ServerFacts): Finding[] {
  const found: Finding[] = [];
  for (const name of ['max_replication_slots', 'max_worker_processes', 'max_wal_senders'] as const) {
    if (facts[name] < LEAST) {
      found.push(
        finding(
          'fail',
          side,
          name,
          `is ${String(facts[name])}, and must be at least ${String(LEAST)}`,
          `Set ${name} = ${String(LEAST)} or more and restart the server.`,
        ),
      );
    }
  }
  if (facts.wal_level !== 'logical') {
    found.push(
      finding(
        'fail',
        side,
        'wal_level',
        `is ${facts.wal_level}, and must be logical`,
        'Set wal_level = logical (on RDS: rds.logical_replication = 1) and restart the server.',
      ),
    );
  }
  for (const library of REQUIRED_LIBRARIES.filter((name) => facts.shared_preload_libraries?.includes(name) === false)) {
    found.push(
      finding(
        'fail',
        side,
        'shared_preload_libraries',
        `lacks ${library}`,
        `Add ${library} to shared_preload_libraries and restart the server.`,
      ),
    );
  }
  if (facts.rds_logical_replication !== null && !['1', 'on'].includes(facts.rds_logical_replication)) {
    found.push(
      finding(
        'fail',
        side,
        'rds.logical_replication',
        `is ${facts.rds_logical_replication}, and must be 1`,
        'Set it in the parameter group and restart the server.',
      ),
    );
  }
  if (facts.pglogical_version === null) {
    found.push(
      finding(
        'fail',
        side,
        'pglogical',
        'is not installed on the server',
        'Install it (Debian and Ubuntu: postgresql-<major>-pglogical), and add it to shared_preload_libraries.',
      ),
    );
  }
  if (facts.used_replication_slots >= facts.max_replication_slots) {
    found.push(
      finding(
        'fail',
        side,
        'max_replication_slots',
        `all ${String(facts.max_replication_slots)} slots are in use`,
        'Raise it and restart the server, or drop slots that nobody needs.',
      ),
    );
  }
  return found;
}

/** Whether the root user is what belt needs: it can log in, makes roles, and is superuser or RDS's stand-in for it. */
export function rootOk(role: PrecheckRole | null): boolean {
  return (
    role !== null &&
    role.rolcanlogin &&
    // A superuser makes roles whether it has CREATEROLE or not.
    (role.rolsuper || (role.rolcreaterole && role.memberof.includes('rds_superuser')))
  );
}

/** What the two roles of a side must be able to do. */
export function roleFindings(
  side: Side,
  root: PrecheckRole | null,
  owner: PrecheckRole | null,
  schemaThere: boolean,
): Finding[] {
  const found: Finding[] = [];
  const { root_user, owner_user } = side.config;
  if (!rootOk(root)) {
    found.push(
      finding(
        'fail',
        side.name,
        `role ${root_user.name}`,
        'must be a superuser (or a member of rds_superuser) that can log in and create roles',
        `Put such a role into "${side.name}.root_user" of the config, or give it what it lacks.`,
      ),
    );
  }
  if (owner === null) {
    found.push(
      finding(
        'fail',
        side.name,
        `role ${owner_user.name}`,
        'does not exist',
        `Create it: CREATE ROLE ... LOGIN PASSWORD ..., or mend "${side.name}.owner_user" in the config.`,
      ),
    );
  } else if (!owner.rolcanlogin) {
    found.push(
      finding(
        side.name === 'dst' ? 'fail' : 'note',
        side.name,
        `role ${owner_user.name}`,
        'cannot log in',
        side.name === 'dst'
          ? 'ALTER ROLE ... LOGIN: belt loads the schema as this role.'
          : 'No harm: belt reads the source as root.',
      ),
    );
  }
  if (owner !== null && side.name === 'dst' && schemaThere && !owner.can_create) {
    found.push(
      finding('note', side.name, `role ${owner_user.name}`, 'may not create in the schema', 'setup grants it.'),
    );
  }
  return found;
}

/** What the two servers must be to each other. */
export function betweenServers(src: ServerFacts, dst: ServerFacts, sameDatabase: boolean): Finding[] {
  const found: Finding[] = [];
  if (sameDatabase && src.system_identifier !== null && src.system_identifier === dst.system_identifier) {
    found.push(
      finding('fail', 'dst', 'host', 'is the same database as the source', 'Mend "src" or "dst" in the config.'),
    );
  }
  if (src.encoding !== dst.encoding) {
    found.push(
      finding(
        'fail',
        'dst',
        'server_encoding',
        `is ${dst.encoding}, the source's is ${src.encoding}`,
        `Create the destination database with ENCODING '${src.encoding}'.`,
      ),
    );
  }
  if (src.collation !== dst.collation) {
    found.push(
      finding(
        'warn',
        'dst',
        'collation',
        `is ${dst.collation}, the source's is ${src.collation}: texts sort differently`,
        `Create the destination database with LC_COLLATE '${src.collation}', unless you want the change.`,
      ),
    );
  }
  const [from, to] = [majorOf(src), majorOf(dst)];
  if (to < from) {
    found.push(
      finding(
        'warn',
        'dst',
        'server version',
        `is PostgreSQL ${String(to)}, older than the source's ${String(from)}`,
        'What only the newer one knows will not load. Be sure that you want to go back.',
      ),
    );
  }
  if (from < OLDEST) {
    found.push(
      finding(
        'fail',
        'src',
        'server version',
        `is ${src.server_version}`,
        `belt reads the catalogs as PostgreSQL ${OLDEST} and newer have them.`,
      ),
    );
  }
  return found;
}

export function majorOf({ server_version }: ServerFacts): number {
  return Number.parseInt(server_version, 10);
}
