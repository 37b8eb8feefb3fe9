import { ident } from '../../postgres/quote.js';
import type { Facts } from '../facts.js';
import { defineKind, type KindQuery } from '../kind.js';
import { settingClause, some } from './statements.js';

/** What is set for roles, and so would be missed on the destination. */

interface RolePath {
  role: string;
  /** Null where neither role nor database have one of their own. */
  path: string | null;
}

const DEFAULT_PATH = '"$user", public';

const PATHS: KindQuery = () => `
  SELECT r.rolname AS role,
         (SELECT substr(c, length('search_path=') + 1)
            FROM pg_db_role_setting s JOIN LATERAL unnest(s.setconfig) c ON c LIKE 'search\\_path=%'
           WHERE s.setrole IN (0, r.oid)
             AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
             AND (s.setrole <> 0 OR s.setdatabase <> 0)
           ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1) AS path
    FROM pg_roles r WHERE r.rolcanlogin AND NOT EXISTS (SELECT FROM own_role o WHERE o.oid = r.oid)`;

/** The schemas of a search_path for a role: names are lower case unless quoted, `$user` is the role's own. */
export function pathSchemas(path: string, role: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|([^,\s"]+)/g)].map(([, quoted, bare = '']) => {
    const name = quoted === undefined ? bare.toLowerCase() : quoted.replaceAll('""', '"');
    return name === '$user' ? role : name;
  });
}

const searchPath = defineKind<RolePath>({
  code: 'search-path',
  severity: 'warn',
  means:
    'A role finds tables of the schema by its search_path on the source, and on the destination it would not, or would find others.',
  src: PATHS,
  dst: PATHS,
  judge: async (facts, { src, dst }) => {
    const there = new Map(dst.map(({ role, path }) => [role, path]));
    const both = src.filter(({ role }) => there.has(role));
    const lost = both.flatMap(({ role, path }) => {
      const from = pathSchemas(path ?? DEFAULT_PATH, role);
      const to = pathSchemas(there.get(role) ?? DEFAULT_PATH, role);
      const hidden = facts.schemas.filter((schema) => from.includes(schema) && !to.includes(schema));
      if (hidden.length === 0) return [];
      return [
        {
          side: 'dst' as const,
          object: `role ${ident(role)}`,
          problem: `does not find the tables of ${some(hidden.map(ident))} there: its search_path is ${there.get(role) ?? DEFAULT_PATH}, on the source ${path ?? DEFAULT_PATH}`,
          remedy: `On the destination: ALTER ROLE ${ident(role)} IN DATABASE ${ident(facts.pair.dst.config.db)} ${settingClause('search_path', path ?? DEFAULT_PATH)};`,
        },
      ];
    });
    return [...lost, ...(await covered(facts, dst))];
  },
});

/** Tables that another one of the same name hides on the destination, from a role whose search_path names it first. */
async function covered({ schemas, src, dst }: Facts, paths: readonly RolePath[]) {
  const before = new Map<string, string[]>();
  for (const { role, path } of paths) {
    const names = pathSchemas(path ?? DEFAULT_PATH, role);
    const first = names.findIndex((name) => schemas.includes(name));
    for (const name of names.slice(0, Math.max(0, first))) before.set(name, [...(before.get(name) ?? []), role]);
  }
  if (before.size === 0) return [];
  const sql = `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = ANY ($2::text[])`;
  const values = [[...before.keys()], src.tables.map(({ name }) => name)];
  const [old, now] = await Promise.all(
    [src, dst].map(({ session }) => session.query<{ schema: string; name: string }>(sql, values)),
  );
  const known = new Set((old ?? []).map((one) => JSON.stringify([one.schema, one.name])));
  return (now ?? [])
    .filter((one) => !known.has(JSON.stringify([one.schema, one.name])))
    .map(({ schema, name }) => ({
      side: 'dst' as const,
      object: `table ${ident(schema)}.${ident(name)}`,
      problem: `hides the table of the same name that moves from ${some((before.get(schema) ?? []).map(ident))}, whose search_path has "${schema}" first`,
      remedy: 'Drop or rename it, or change the search_path of those roles on the destination.',
    }));
}

interface RoleSetting {
  role: string;
  name: string;
  value: string;
  everywhere: boolean;
}

const SETTINGS: KindQuery = () => `
  SELECT r.rolname AS role, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value, s.setdatabase = 0 AS everywhere
    FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN LATERAL unnest(s.setconfig) c
   WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
     AND NOT EXISTS (SELECT FROM own_role o WHERE o.oid = r.oid) AND split_part(c, '=', 1) <> 'search_path'
     -- What belt's own roles need for replication is set where it is needed.
     AND split_part(c, '=', 1) <> 'output_plugin_libraries'`;

const roleSetting = defineKind<RoleSetting, RoleSetting & { role: string }>({
  code: 'role-setting',
  severity: 'note',
  means: 'A setting of a role (ALTER ROLE ... SET) is not the same on the destination.',
  src: SETTINGS,
  dst: SETTINGS,
  judge: ({ pair }, { src, dst }) => {
    const key = ({ role, name, value }: RoleSetting): string => JSON.stringify([role, name, value]);
    const there = new Set(dst.map(key));
    return src
      .filter((one) => !there.has(key(one)))
      .map(({ role, name, value, everywhere }) => ({
        side: 'src',
        object: `setting ${name} of role ${ident(role)}`,
        problem: 'is not the same on the destination: roles belong to the server, and are not carried',
        remedy: `On the destination: ALTER ROLE ${ident(role)}${everywhere ? '' : ` IN DATABASE ${ident(pair.dst.config.db)}`} ${settingClause(name, value)};`,
      }));
  },
});

export const PATH_KINDS = [searchPath, roleSetting];
