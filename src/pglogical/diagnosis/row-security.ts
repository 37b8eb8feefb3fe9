import { qualified } from '../../postgres/quote.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { finding, listNames, type Facts } from './facts.js';

/** Row level security hides rows from the initial copy, where the role that copies is subject to it. */
export async function rowSecurityFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, pair, provider } = facts;
  const { provider: side } = direction;
  const role = side.config.pglogical_user.name;
  const tables = await provider.query<{ schema: string; name: string }>(
    `SELECT t.nspname AS schema, t.relname AS name
       FROM pglogical.tables t JOIN pg_class c ON c.oid = t.relid CROSS JOIN pg_roles r
      WHERE t.set_name IS NOT NULL AND t.nspname = ANY ($2::text[]) AND c.relrowsecurity AND r.rolname = $1
        AND NOT r.rolsuper AND NOT r.rolbypassrls
        AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'MEMBER'))
      ORDER BY 1, 2`,
    [role, (await pair.schemas()).names],
  );
  if (tables.length === 0) return [];
  const names = listNames(tables.map(({ schema, name }) => qualified(schema, name)));
  return [
    finding(facts, {
      code: 'row-security',
      severity: 'warn',
      side: side.name,
      object: names,
      problem: `role ${role} on the ${side.word} server is subject to the row level security of ${names}: rows that it may not see are not copied, without an error`,
      remedy: `Run ALTER ROLE ... BYPASSRLS for it on the ${side.word} server, and compare the rows of both sides.`,
    }),
  ];
}
