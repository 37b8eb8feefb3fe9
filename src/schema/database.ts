import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { databaseFacts, databaseSettings, type DatabaseSetting } from '../postgres/catalog/database-facts.js';
import { ident, literal } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { ignoredRoles, roleNames } from './grant-roles.js';
import { sourceOrigin } from './origin.js';
import { privilegePlan } from './privilege-plan.js';

/** What belongs to the database itself: its privileges, its comment, and the settings that ALTER DATABASE has made. */

/**
 * The statements that give the destination's database the source's privileges and comment. A comment that somebody has
 * written there stays. Belt's own roles may connect whatever PUBLIC may.
 */
async function missingFacts(pair: Pair): Promise<{ statements: string[]; kept: string[] }> {
  const { src, dst } = await pair.roots();
  const [from, to] = await Promise.all([databaseFacts(src), databaseFacts(dst)]);
  const database = ident(pair.dst.config.db);
  const { object } = to.privileges;
  const grants = privilegePlan([{ ...from.privileges, object }], [to.privileges], {
    role: await roleNames(pair, sourceOrigin(pair)),
    ignored: ignoredRoles(pair),
    unknown: [],
    exact: false,
  });
  const { owner_user, pglogical_user } = pair.dst.config;
  const connect = await dst.query<{ name: string }>(
    `SELECT r.rolname AS name FROM pg_roles r
      WHERE r.rolname = ANY ($1) AND NOT r.rolsuper AND NOT EXISTS (
              SELECT FROM pg_database d, aclexplode(d.datacl) x
               WHERE d.datname = current_database() AND x.grantee = r.oid AND x.privilege_type = 'CONNECT')
        AND r.oid <> (SELECT datdba FROM pg_database WHERE datname = current_database())`,
    [[owner_user.name, pglogical_user.name]],
  );
  const closed = !from.privileges.entries.some(({ grantee, privilege }) => grantee === null && privilege === 'CONNECT');
  const differs = from.comment !== null && to.comment !== null && from.comment !== to.comment;
  return {
    statements: [
      ...(closed ? connect.map(({ name }) => `GRANT CONNECT ON DATABASE ${database} TO ${ident(name)}`) : []),
      // Who passes a grant on to others on the source is not imitated here: the owner grants.
      ...grants.map(({ sql }) => sql),
      ...(from.comment !== null && to.comment === null
        ? [`COMMENT ON DATABASE ${database} IS ${literal(from.comment)}`]
        : []),
    ],
    kept: differs ? ["the destination's comment stays, which is another than the source's"] : [],
  };
}

export function databaseStep(pair: Pair): Step {
  return {
    name: 'grant-database-privileges',
    title: 'give the database on the destination its grants and comment',
    done: async () => {
      const { statements, kept } = await missingFacts(pair);
      return statements.length > 0 ? null : ['they are there', ...kept].join('; ');
    },
    run: async () => {
      const { statements, kept } = await missingFacts(pair);
      const dst = await pair.dst.root();
      await dst.transaction(async () => {
        for (const statement of statements) await dst.query(statement);
      });
      return [`ran ${statements.length} statements`, ...kept].join('; ');
    },
  };
}

/**
 * Settings that belt leaves to the person: what makes a database read-only is often how it is fenced off for the cutover,
 * and a library that is not there lets nobody connect.
 */
const BY_HAND: ReadonlySet<string> = new Set([
  'default_transaction_read_only',
  'transaction_read_only',
  'session_preload_libraries',
  'local_preload_libraries',
  'session_replication_role',
]);

/** Settings that are lists, which the server alone takes apart rightly. Source: PostgreSQL's GUC_LIST_QUOTE. */
const LISTS: ReadonlySet<string> = new Set(['search_path', 'temp_tablespaces', 'output_plugin_libraries']);

interface SettingsPlan {
  readonly set: readonly DatabaseSetting[];
  /** What is not set, and why, a sentence each. */
  readonly left: readonly string[];
}

async function settingsPlan(pair: Pair): Promise<SettingsPlan> {
  const { src, dst } = await pair.roots();
  const [from, to] = await Promise.all([databaseSettings(src), databaseSettings(dst)]);
  const [role, ignored] = [await roleNames(pair, sourceOrigin(pair)), ignoredRoles(pair)];
  const set: DatabaseSetting[] = [];
  const left: string[] = [];
  for (const one of from) {
    if (one.role !== null && ignored.includes(one.role)) continue;
    const here = one.role === null ? null : role(one.role);
    const what = `${one.name}${one.role === null ? '' : ` of "${one.role}"`}`;
    const there = to.find((other) => other.role === here && other.name === one.name);
    if (one.role !== null && here === null) left.push(`${what}: the destination lacks the role`);
    else if (there?.value === one.value) continue;
    else if (there !== undefined) left.push(`${what}: it is set to something else on the destination`);
    else if (BY_HAND.has(one.name)) left.push(`${what} (${statement(pair, { ...one, role: here })})`);
    else set.push({ ...one, role: here });
  }
  return { set, left };
}

function statement(pair: Pair, { role, name, value }: DatabaseSetting, words?: string): string {
  const database = `DATABASE ${ident(pair.dst.config.db)}`;
  const whose = role === null ? `ALTER ${database}` : `ALTER ROLE ${ident(role)} IN ${database}`;
  return `${whose} SET ${name.split('.').map(ident).join('.')} ${words ?? `TO ${literal(value)}`}`;
}

async function apply(pair: Pair, dst: Session, setting: DatabaseSetting): Promise<void> {
  if (!LISTS.has(setting.name)) {
    await dst.query(statement(pair, setting));
    return;
  }
  await dst.transaction(async () => {
    await dst.query('SELECT set_config($1, $2, true)', [setting.name, setting.value]);
    await dst.query(statement(pair, setting, 'FROM CURRENT'));
  });
}

/**
 * Carries the settings of the database, and of roles in it. Only at the cutover: some, such as time-outs, would disturb
 * what replication does in the database until then. What is set otherwise on the destination stays.
 */
export function databaseSettingsStep(pair: Pair): Step {
  const shown = ({ left }: SettingsPlan): string[] => (left.length === 0 ? [] : [`LEFT: ${left.join('; ')}`]);
  return {
    name: 'database-settings',
    title: "carry the database's settings to the destination",
    done: async () => {
      const plan = await settingsPlan(pair);
      return plan.set.length > 0 ? null : ['there is none to carry', ...shown(plan)].join('; ');
    },
    run: async () => {
      const plan = await settingsPlan(pair);
      const dst = await pair.dst.root();
      for (const setting of plan.set) await apply(pair, dst, setting);
      return [`set ${plan.set.map(({ name }) => name).join(', ')}`, ...shown(plan)].join('; ');
    },
  };
}
