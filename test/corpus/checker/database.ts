import type pg from 'pg';
import type { Facts } from './facts.js';

/** What a dump of the schema does not hold: it belongs to the database itself, or to no schema and no catalog of objects. */

/** Comment, privileges, settings of the database and of roles in it, and large objects with their contents. */
export async function readDatabaseFacts(client: pg.ClientBase, ignoredRoles = ['pglogical']): Promise<Facts> {
  const { rows } = await client.query<{ object: string; facts: Record<string, unknown> }>(
    `WITH d AS (SELECT * FROM pg_database WHERE datname = current_database())
     SELECT 'database' AS object, jsonb_build_object(
              'comment', shobj_description(d.oid, 'pg_database'), 'owner', pg_get_userbyid(d.datdba),
              'privileges', ARRAY(SELECT format('%s: %s%s', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END,
                                                x.privilege_type, CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END)
                                    FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
                                   WHERE x.grantee = 0 OR pg_get_userbyid(x.grantee) <> ALL ($1) ORDER BY 1)) AS facts FROM d
     UNION ALL
     SELECT 'setting of ' || CASE s.setrole WHEN 0 THEN 'the database' ELSE pg_get_userbyid(s.setrole) END || ': ' || split_part(c, '=', 1),
            jsonb_build_object('value', c)
       FROM pg_db_role_setting s JOIN d ON d.oid = s.setdatabase, unnest(s.setconfig) c
     UNION ALL
     SELECT 'large object ' || l.oid, jsonb_build_object(
              'contents', md5(lo_get(l.oid)), 'owner', pg_get_userbyid(l.lomowner), 'comment', obj_description(l.oid, 'pg_largeobject'),
              'privileges', ARRAY(SELECT format('%s: %s', CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.privilege_type)
                                    FROM aclexplode(l.lomacl) x ORDER BY 1))
       FROM pg_largeobject_metadata l`,
    [ignoredRoles],
  );
  return new Map(rows.map(({ object, facts }) => [object, facts]));
}
