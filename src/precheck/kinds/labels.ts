import { ident } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { some } from './statements.js';

const securityLabel = defineKind<{ provider: string; objects: string[]; count: number }>({
  code: 'security-label',
  severity: 'fail',
  means: 'Objects of the schema have security labels: the destination must have their provider loaded.',
  accept: 'setup goes on, and fails where a label is set if the destination does not have the provider.',
  schemaOnly: true,
  src: () =>
    `SELECT l.provider, count(*)::int AS count, (array_agg(l.objtype || ' ' || l.objname ORDER BY l.objname))[1:20] AS objects
       FROM pg_seclabels l JOIN ns ON ns.oid = l.objnamespace GROUP BY l.provider`,
  judge: (_, { src }) =>
    src.map(({ provider, objects, count }) => ({
      side: 'src',
      object: `security labels of ${ident(provider)}`,
      problem: `are on ${count} objects (${some(objects)}): they load only where that provider is in shared_preload_libraries`,
      remedy: `Load the provider on the destination, then --accept security-label; or take the labels off: SECURITY LABEL FOR ${ident(provider)} ON ... IS NULL;`,
    })),
});

interface Space {
  name: string;
  objects: string[];
  count: number;
}

const tablespace = defineKind<Space>({
  code: 'tablespace',
  severity: 'note',
  means:
    "Tables or indexes of the schema are in another tablespace than the database's; on the destination they come to its own.",
  src: () =>
    `SELECT s.spcname AS name, count(*)::int AS count, (array_agg(o.object ORDER BY o.object))[1:20] AS objects
       FROM (SELECT rel.reltablespace, rel.object FROM rel WHERE rel.reltablespace <> 0
             UNION ALL SELECT ci.reltablespace, format('%I.%I', rel.nspname, ci.relname)
               FROM pg_index i JOIN rel ON rel.oid = i.indrelid JOIN pg_class ci ON ci.oid = i.indexrelid
              WHERE ci.reltablespace <> 0) o
       JOIN pg_tablespace s ON s.oid = o.reltablespace GROUP BY s.spcname ORDER BY 1`,
  judge: (_, { src }) =>
    src.map(({ name, objects, count }) => ({
      side: 'src',
      object: `tablespace ${ident(name)}`,
      problem: `holds ${count} tables and indexes (${some(objects)}): on the destination they come to the database's own`,
      remedy: `If the destination has such a tablespace, after setup: ALTER TABLE ${objects[0] ?? '...'} SET TABLESPACE ${ident(name)}; and so on.`,
    })),
});

const defaultTablespace = defineKind<{ name: string }>({
  code: 'default-tablespace',
  severity: 'note',
  means: "The source's database stands in another tablespace than the server's, and the destination's does not.",
  src: () => DEFAULT_SPACE,
  dst: () => DEFAULT_SPACE,
  judge: (_, { src: [from], dst: [to] }) =>
    from === undefined || to === undefined || from.name === to.name || from.name === 'pg_default'
      ? []
      : [
          {
            side: 'dst',
            object: `tablespace ${ident(to.name)}`,
            problem: `is where the database stands; the source's stands in ${ident(from.name)}`,
            remedy: `If that is of meaning, make the destination's database anew before setup: CREATE DATABASE ... TABLESPACE ${ident(from.name)};`,
          },
        ],
});

const DEFAULT_SPACE = `SELECT s.spcname AS name FROM pg_database d JOIN pg_tablespace s ON s.oid = d.dattablespace WHERE d.datname = current_database()`;

interface Default {
  role: string;
  /** Null for those that hold for every schema. */
  schema: string | null;
  objects: string;
  grants: { grantee: string | null; privilege: string; grantable: boolean }[];
}

/** Of roles that the destination does not have role-missing tells. */
const defaultPrivileges = defineKind<Default, { roles: string[] }>({
  code: 'default-privileges',
  severity: 'warn',
  means: 'Default privileges are not carried: they are of a role for which root of the destination may not speak.',
  src: () => DEFAULTS,
  dst: () =>
    `SELECT coalesce(array_agg(rolname), '{}') AS roles FROM pg_roles WHERE NOT pg_has_role(current_user, oid, 'USAGE')`,
  judge: (facts, { src, dst }) => {
    const others = new Set(dst.flatMap(({ roles }) => roles));
    const [from, to] = [facts.src.side.config.owner_user.name, facts.dst.side.config.owner_user.name];
    const here = (role: string): string => (role === from ? to : role);
    return src
      .filter(({ role }) => others.has(here(role)))
      .map(({ role, schema, objects, grants }) => ({
        side: 'src',
        object: `default privileges of ${ident(role)} on ${objects}${schema === null ? '' : ` in ${ident(schema)}`}`,
        problem: `are not carried: root of the destination may not speak for ${ident(here(role))}`,
        remedy: `On the destination, as ${ident(here(role))}: ${[
          ...(schema !== null || grants.some(({ grantee }) => grantee === null)
            ? []
            : [`ALTER DEFAULT PRIVILEGES REVOKE ALL ON ${objects} FROM PUBLIC;`]),
          ...grants.map(
            ({ grantee, privilege, grantable }) =>
              `ALTER DEFAULT PRIVILEGES ${schema === null ? '' : `IN SCHEMA ${ident(schema)} `}GRANT ${privilege} ON ${objects} TO ${grantee === null ? 'PUBLIC' : ident(grantee)}${grantable ? ' WITH GRANT OPTION' : ''};`,
          ),
        ].join(' ')}`,
      }));
  },
});

const DEFAULTS = `
  SELECT pg_get_userbyid(d.defaclrole) AS role, ns.nspname AS schema,
         CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                              WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE d.defaclobjtype::text END AS objects,
         coalesce((SELECT json_agg(json_build_object('grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
                     'privilege', x.privilege_type, 'grantable', x.is_grantable) ORDER BY x.grantee = 0, pg_get_userbyid(x.grantee), x.privilege_type)
                     FROM aclexplode(d.defaclacl) x WHERE x.grantee <> d.defaclrole), '[]') AS grants
    FROM pg_default_acl d LEFT JOIN ns ON ns.oid = d.defaclnamespace
   WHERE d.defaclnamespace = 0 OR ns.oid IS NOT NULL ORDER BY 1, 2, 3`;

export const LABEL_KINDS = [securityLabel, tablespace, defaultTablespace, defaultPrivileges];
