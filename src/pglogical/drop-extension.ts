import { patiently } from '../pair/patiently.js';
import type { Side } from '../pair/side.js';
import type { Step } from '../pair/steps.js';
import type { Session } from '../postgres/session.js';
import { hasPglogical } from './extension.js';

/** The steps that drop the extensions by which belt works. Nothing may replicate in the database any more. */
export function dropExtensionSteps(side: Side, signal: AbortSignal): readonly Step[] {
  return [
    {
      name: `drop-extension-${side.name}`,
      title: `drop extension pglogical on the ${side.word}`,
      done: async () => {
        const session = await side.root();
        return (await hasPglogical(session)) || (await emptySchemaLeft(session)) ? null : 'there is none';
      },
      run: async (progress) => {
        await patiently(side, { what: 'dropping extension pglogical', signal, progress }, async (session) => {
          await session.query('DROP EXTENSION IF EXISTS pglogical');
          // The extension's schema is not one of its members.
          if (await emptySchemaLeft(session)) await session.query('DROP SCHEMA pglogical');
        });
        return undefined;
      },
    },
    {
      name: `drop-dblink-${side.name}`,
      title: `drop extension dblink on the ${side.word}`,
      done: async () => whyDblinkStays(await side.root()),
      run: async (progress) => {
        await patiently(side, { what: 'dropping extension dblink', signal, progress }, (session) =>
          session.query('DROP EXTENSION IF EXISTS dblink'),
        );
        return undefined;
      },
    },
  ];
}

async function emptySchemaLeft(session: Session): Promise<boolean> {
  const { left } = await session.one<{ left: boolean }>(
    `SELECT to_regnamespace('pglogical') IS NOT NULL AND NOT EXISTS (
              SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass
                                      AND refobjid = to_regnamespace('pglogical')) AS left`,
  );
  return left;
}

/**
 * The application may have been using dblink long before belt came. What the catalog knows of, such as a foreign server,
 * would keep it from being dropped; what stands in the bodies of functions nobody would notice before it fails.
 */
async function whyDblinkStays(session: Session): Promise<string | null> {
  const [row] = await session.query<{ users: string[] }>(
    `WITH members AS (SELECT d.classid, d.objid FROM pg_depend d
                       WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (
                             SELECT oid FROM pg_extension WHERE extname = 'dblink') AND d.deptype = 'e')
     SELECT ARRAY(
              SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
                FROM pg_depend d JOIN members m ON d.refclassid = m.classid AND d.refobjid = m.objid
               WHERE d.deptype IN ('n', 'a') AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM members)
              UNION
              SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
               WHERE strpos(lower(p.prosrc), 'dblink') > 0
                 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                                                           AND e.deptype = 'e')
              ORDER BY 1 LIMIT 3) AS users
       FROM pg_extension WHERE extname = 'dblink'`,
  );
  if (row === undefined) return 'there is none';
  return row.users.length === 0 ? null : `it stays: ${row.users.join(', ')} may use it`;
}
