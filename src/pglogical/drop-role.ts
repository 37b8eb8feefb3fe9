import type { Side } from '../pair/side.js';
import type { Step } from '../pair/steps.js';
import { ident } from '../postgres/quote.js';
import { retryOn } from '../postgres/retry.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { RACE_ATTEMPTS, ROLE_RACES } from './role.js';

/**
 * The step that drops the pglogical role, unless somebody else needs it: the role is one for the whole server. Must come
 * after everything that was granted to it in this database is revoked, so that of several databases of one server the
 * last one takes the role along.
 */
export function dropRoleStep(side: Side): Step {
  const role = side.config.pglogical_user.name;
  return {
    name: `drop-role-${side.name}`,
    title: `drop role ${role} on the ${side.word}`,
    done: () => whyRoleStays(side),
    run: async () => {
      const session = await side.root();
      await retryOn([...ROLE_RACES, SQLSTATE.undefinedObject], RACE_ATTEMPTS, async () => {
        const [there] = await session.query<{ member: boolean }>(
          "SELECT pg_has_role(current_user, oid, 'USAGE') AS member FROM pg_roles WHERE rolname = $1",
          [role],
        );
        // Another belt, at work on another database of the server, was quicker.
        if (there === undefined) return;
        await session.transaction(async () => {
          if (!there.member) await session.query(`GRANT ${ident(role)} TO CURRENT_USER`);
          // It owns nothing (see above): this takes away what was granted to it, on shared objects too.
          await session.query(`DROP OWNED BY ${ident(role)}; DROP ROLE ${ident(role)}`);
        });
      });
      return undefined;
    },
  };
}

/** @returns why the role is left alone, or null when it can go */
async function whyRoleStays(side: Side): Promise<string | null> {
  const { name } = side.config.pglogical_user;
  if (isAnotherUser(side)) return `${name} is one of the config's other users: it stays`;
  const session = await side.root();
  const uses = await readUses(session, name);
  if (uses === null) return 'there is none';
  if (uses.others.length > 0) {
    return `it stays: ${uses.others.map((database) => `"${database}"`).join(', ')} on that server ${uses.others.length === 1 ? 'uses' : 'use'} it`;
  }
  if (uses.owns) return 'it stays: it owns objects on that server, or policies name it';
  return null;
}

/** Whether the pglogical user of the config serves as root or owner as well: then nothing of it is belt's. */
export function isAnotherUser(side: Side): boolean {
  const { pglogical_user, root_user, owner_user } = side.config;
  return [root_user.name, owner_user.name].includes(pglogical_user.name);
}

/** Who, on the whole server, has to do with the role: other databases, and what is its own. Null without such a role. */
async function readUses(session: Session, role: string): Promise<{ others: string[]; owns: boolean } | null> {
  const [row] = await session.query<{ others: string[]; owns: boolean }>(
    `SELECT ARRAY(SELECT d.datname::text FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
                   WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND d.datname <> current_database()
                  UNION
                  -- Nobody reads it just now, and nothing shows that it is another role by which it is read.
                  SELECT l.database::text FROM pg_replication_slots l
                   WHERE l.plugin IN ('pglogical_output', 'pglogical') AND l.database <> current_database() AND NOT l.active
                     AND NOT EXISTS (SELECT FROM pg_shdepend s JOIN pg_roles o ON o.oid = s.refobjid AND o.rolreplication
                                      WHERE s.dbid = l.datoid AND s.refclassid = 'pg_authid'::regclass
                                        AND s.deptype = 'a' AND o.oid <> r.oid)
                  UNION
                  -- Walsenders are sessions of the role by which the subscriber reads.
                  SELECT datname::text FROM pg_stat_activity WHERE usename = r.rolname AND datname <> current_database()
                  ORDER BY 1) AS others,
            EXISTS (SELECT FROM pg_shdepend s
                     WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype <> 'a') AS owns
       FROM pg_roles r WHERE r.rolname = $1`,
    [role],
  );
  return row ?? null;
}
