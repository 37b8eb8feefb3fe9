import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type QuickFacts } from './facts.js';

/** Whether the provider would refuse pglogical's output plugin to the role (servers since CVE-2026-6471). */
export async function pluginFindings(facts: QuickFacts): Promise<DoctorFinding[]> {
  const { provider: side } = facts.direction;
  const role = side.config.pglogical_user.name;
  const { refused } = await facts.provider.one<{ refused: boolean }>(
    `SELECT current_setting('output_plugin_libraries', true) IS NOT NULL
        AND strpos(current_setting('output_plugin_libraries'), 'pglogical_output') = 0
        AND NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS c
                         WHERE r.rolname = $1 AND c LIKE 'output\\_plugin\\_libraries=%pglogical\\_output%') AS refused`,
    [role],
  );
  if (!refused) return [];
  return [
    finding(facts, {
      code: 'output-plugin-refused',
      severity: 'fail',
      side: side.name,
      object: 'output_plugin_libraries',
      problem: `the ${side.word} server refuses pglogical's output plugin to role ${role} (output_plugin_libraries)`,
      remedy: `Run belt doctor --fix: it allows the plugin for that role alone.`,
      fixable: true,
    }),
  ];
}
