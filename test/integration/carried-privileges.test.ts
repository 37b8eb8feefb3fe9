import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import type { BeltRun } from '../harness/belt.js';
import { expectEqual } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Roles of this file, by what they are for; each run has its own. */
const ROLES = ['reader', 'writer "w"', "o'ther", 'Above', 'below', 'powerful', 'unused'] as const;

let pair: TestPair;
let roles: Record<(typeof ROLES)[number], string>;
const fresh = (name: string): string => `${name} ${pair.names.id}`;

/** All access lists, owners and default privileges, by SQL of its own. */
async function held(side: TestPair['src'], schema: string): Promise<unknown> {
  return side.sql(
    `SELECT o.kind, o.name, o.owner, x.privilege_type, x.is_grantable, x.grantee::regrole::text, x.grantor::regrole::text FROM (
       SELECT 'c' AS kind, relname::text AS name, relowner::regrole::text AS owner,
              coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
         FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'v', 'S', 'm')
       UNION ALL SELECT 'a', attrelid::regclass || '.' || attname, '', attacl
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE relnamespace = to_regnamespace($1) AND attacl IS NOT NULL
       UNION ALL SELECT 'f', proname, proowner::regrole::text, coalesce(proacl, acldefault('f', proowner))
         FROM pg_proc WHERE pronamespace = to_regnamespace($1)
       UNION ALL SELECT 'T', typname, typowner::regrole::text, coalesce(typacl, acldefault('T', typowner))
         FROM pg_type WHERE typnamespace = to_regnamespace($1) AND typtype IN ('d', 'e')
       UNION ALL SELECT 'n', nspname, nspowner::regrole::text, nspacl FROM pg_namespace WHERE oid = to_regnamespace($1)
       UNION ALL SELECT 'd', defaclobjtype::text || coalesce(defaclnamespace::regnamespace::text, ''), defaclrole::regrole::text, defaclacl
         FROM pg_default_acl
     ) o, aclexplode(acl) x ORDER BY kind, name, owner, grantee::regrole::text, privilege_type, grantor::regrole::text`,
    [ident(schema)],
  );
}

/** Fails with all that belt wrote. */
function must(run: BeltRun): BeltRun {
  expect(run.exitCode, run.text).toBe(0);
  return run;
}

beforeAll(async () => {
  pair = await testPair({ hostile: true });
  roles = Object.fromEntries(ROLES.map((name) => [name, fresh(name)])) as typeof roles;
  const [reader, writer, other, above, below, powerful] = ROLES.map((name) => ident(roles[name]));
  const schema = ident(pair.schema);
  await pair.src.sql(`
    CREATE ROLE ${above}; CREATE ROLE ${reader} NOINHERIT; CREATE ROLE ${writer} LOGIN PASSWORD 'x'; CREATE ROLE ${other};
    CREATE ROLE ${below}; CREATE ROLE ${powerful} CREATEROLE BYPASSRLS; CREATE ROLE ${ident(roles.unused)};
    GRANT ${above} TO ${reader}; GRANT ${reader} TO ${writer} WITH ADMIN OPTION; GRANT pg_monitor TO ${reader};
    GRANT ${reader} TO ${below}`);
  await pair.dst.sql(`CREATE ROLE ${below}`);
  await pair.src.ownerSql(`
    CREATE TABLE "T;1" (id serial PRIMARY KEY, "c""1" int, secret text);
    CREATE TABLE plain (id int PRIMARY KEY);
    CREATE TABLE theirs (id int PRIMARY KEY, v int); CREATE INDEX theirs_v ON theirs (v);
    INSERT INTO theirs VALUES (1, 1);
    ALTER TABLE theirs ADD CONSTRAINT later CHECK (v > 5) NOT VALID;
    CREATE VIEW "V 1" AS SELECT id FROM plain;
    CREATE MATERIALIZED VIEW mv AS SELECT v FROM theirs;
    CREATE FUNCTION f(a int, VARIADIC b text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2';
    CREATE PROCEDURE pr(INOUT x int) LANGUAGE plpgsql AS 'BEGIN x := 1; END';
    CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int);
    CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN "d 1" AS int;
    GRANT USAGE ON SCHEMA ${schema} TO ${reader}, ${writer} WITH GRANT OPTION;
    GRANT SELECT ("c""1"), UPDATE (secret) ON "T;1" TO ${reader};
    GRANT SELECT ON "T;1" TO ${writer} WITH GRANT OPTION;
    GRANT INSERT, DELETE ON "T;1" TO PUBLIC;
    REVOKE TRUNCATE ON plain FROM CURRENT_USER;
    REVOKE EXECUTE ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO ${reader};
    GRANT EXECUTE ON FUNCTION agg(int) TO ${writer} WITH GRANT OPTION; REVOKE EXECUTE ON FUNCTION agg(int) FROM PUBLIC;
    REVOKE EXECUTE ON PROCEDURE pr FROM PUBLIC;
    REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE "d 1" TO ${reader};
    GRANT USAGE ON SEQUENCE "T;1_id_seq" TO ${reader};
    ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${reader};
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO ${writer} WITH GRANT OPTION`);
  await pair.src.sql(`
    SET ROLE ${writer}; GRANT SELECT ON ${schema}."T;1" TO ${powerful}; RESET ROLE;
    ALTER TABLE ${schema}.theirs OWNER TO ${other}; ALTER FUNCTION ${schema}.definer OWNER TO ${other};
    ALTER MATERIALIZED VIEW ${schema}.mv OWNER TO ${other}; ALTER TYPE ${schema}."d 1" OWNER TO ${other};
    SET ROLE ${ident(pair.names.root.name)}; CREATE EXTENSION hstore SCHEMA ${schema}; RESET ROLE; REVOKE EXECUTE ON FUNCTION ${schema}.akeys FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION ${schema}.akeys TO ${reader};
    ALTER DEFAULT PRIVILEGES FOR ROLE ${other} GRANT SELECT ON TABLES TO PUBLIC;
    GRANT USAGE ON SCHEMA ${schema} TO ${other}`);
  await pair.dst.sql(
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(pair.names.owner.name)} GRANT ALL ON TABLES TO ${below}`,
  );
});

describe('grants, owners and roles', () => {
  it('without the roles: refuses where a policy names one; else loads, and names what is left out', async () => {
    const schema = ident(pair.schema);
    await pair.src.sql(`CREATE POLICY "p 1" ON ${schema}.plain TO ${ident(roles.reader)} USING (true)`);
    const refused = await pair.belt(['setup', '--accept', 'role-missing']);
    expectFailure(refused, {
      config: pair.config,
      says: [/lacks roles without which/, /reader .*policy p 1 on plain/s, /--create-roles/],
    });
    expect(await pair.dst.sql('SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1)', [schema])).toEqual([]);
    await pair.src.sql(`DROP POLICY "p 1" ON ${schema}.plain`);

    const run = must(await pair.belt(['setup', '--accept', 'role-missing', '--json']));
    const [row] = checkedJson(run, detailFields, [pair]).results;
    const said = (name: string): string => row?.steps.find((step) => step.name === name)?.message ?? '';
    expect(said('check-grant-roles')).toMatch(/LEFT OUT.*"reader .*"writer "w" /s);
    expect(said('set-owners')).toMatch(/LEFT with .*theirs.*o'ther/);
    expect(await pair.dst.sql('SELECT FROM pg_roles WHERE rolname = $1', [roles.reader])).toEqual([]);
    // What needs no missing role is there: PUBLIC has just what it has on the source.
    const [fn] = await pair.dst.sql<{ may: boolean }>(
      `SELECT has_function_privilege('pg_monitor', oid, 'EXECUTE') AS may FROM pg_proc WHERE proname = 'pr' AND pronamespace = to_regnamespace($1)`,
      [schema],
    );
    expect(fn?.may).toBe(false);
  });

  it('--create-roles makes the roles, without LOGIN or powers, and what was left out follows', async () => {
    const planned = checkedJson(await pair.belt(['setup', '--create-roles', '--dry-run', '--json']), detailFields, [
      pair,
    ]);
    expect(planned.results[0]?.steps.find(({ name }) => name === 'create-roles')?.status).toBe('planned');
    expect(await pair.dst.sql('SELECT FROM pg_roles WHERE rolname = $1', [roles.reader])).toEqual([]);

    const run = must(await pair.belt(['setup', '--create-roles', '--json']));
    const [row] = checkedJson(run, detailFields, [pair]).results;
    const said = row?.steps.find(({ name }) => name === 'create-roles')?.message ?? '';
    expect(said).toMatch(/powerful .* is CREATEROLE, BYPASSRLS on the source/);
    expect(said).toMatch(/reader .* is a member of "pg_monitor"/);
    const made = await pair.dst.sql(
      `SELECT rolname, rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolbypassrls, rolpassword IS NULL AS bare
         FROM pg_authid WHERE rolname = ANY ($1) ORDER BY rolname COLLATE "C"`,
      [Object.values(roles)],
    );
    const bare = {
      rolcanlogin: false,
      rolinherit: true,
      rolsuper: false,
      rolcreaterole: false,
      rolbypassrls: false,
      bare: true,
    };
    expect(made).toEqual(
      [roles.Above, roles.below, roles["o'ther"], roles.powerful, roles.reader, roles['writer "w"']]
        .sort()
        .map((rolname) => ({ rolname, ...bare, rolinherit: rolname !== roles.reader })),
    );
    const members = `SELECT roleid::regrole::text AS "group", member::regrole::text, admin_option FROM pg_auth_members
      WHERE roleid::regrole::text LIKE $1 ORDER BY 1, 2`;
    const like = [`%${pair.names.id}%`];
    expect(await pair.dst.sql(members, like)).toEqual(await pair.src.sql(members, like));
  });

  it('is exactly as on the source then, by whom it was granted too', async () => {
    const below = ident(roles.below);
    // What the destination's own default privileges had given away was taken back when the schema was loaded.
    await pair.dst.sql(
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(pair.names.owner.name)} REVOKE ALL ON TABLES FROM ${below}`,
    );
    expect(await held(pair.dst, pair.schema)).toEqual(await held(pair.src, pair.schema));
  });

  it('does nothing the second time, and takes from nobody what was granted meanwhile', async () => {
    await pair.dst.sql(`GRANT SELECT ON ${ident(pair.schema)}.plain TO ${ident(roles.below)}`);
    const before = await everything(pair);
    const [row] = checkedJson(must(await pair.belt(['setup', '--create-roles', '--json'])), detailFields, [
      pair,
    ]).results;
    for (const name of ['create-roles', 'set-owners', 'grant-privileges', 'grant-schema-privileges']) {
      expect(row?.steps.find((step) => step.name === name)?.status, name).toBe('skipped');
    }
    expect(await everything(pair)).toEqual(before);
    await pair.dst.sql(`REVOKE SELECT ON ${ident(pair.schema)}.plain FROM ${ident(roles.below)}`);
  });

  it('builds indexes and constraints of tables of other owners, and refreshes their views', async () => {
    expectSuccess(await pair.belt(['create-indexes']));
    await pair.src.disconnect();
    expectSuccess(await pair.belt(['teardown-forward-replication']));
    expectSuccess(await pair.belt(['sync']));
    await expectEqual(pair);
    expectSuccess(await pair.belt(['teardown']));
    expect(await held(pair.dst, pair.schema)).toEqual(await held(pair.src, pair.schema));
  });
});
