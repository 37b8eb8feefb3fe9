import { ConnectionError } from '../../errors.js';
import type { Side } from '../../pair/side.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { otherUsers, readRole } from '../role.js';
import { finding, type Facts } from './facts.js';

/** The role by which the subscriber logs in on the provider; and on itself, to write what the initial copy brings. */
export async function roleFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { provider, subscriber } = facts.direction;
  const found = await roleOn(facts, provider);
  if (facts.subscription.sync_status !== 'r') found.push(...(await roleOn(facts, subscriber)));
  return found;
}

async function roleOn(facts: Facts, side: Side): Promise<DoctorFinding[]> {
  const { name } = side.config.pglogical_user;
  const at = { side: side.name, object: `role ${name}`, severity: 'fail' as const };
  const state = await readRole(side);
  if (state === null) {
    return [
      finding(facts, {
        ...at,
        code: 'role-missing',
        problem: `role ${name} does not exist on the ${side.word} server`,
        remedy: 'Run belt doctor --fix: it makes the role as belt setup does.',
        fixable: true,
      }),
    ];
  }
  const found: DoctorFinding[] = [];
  if (!state.privileged) {
    found.push(
      finding(facts, {
        ...at,
        code: 'role-privileges',
        problem: `role ${name} on the ${side.word} server lacks SUPERUSER and REPLICATION (on RDS: rds_superuser and rds_replication)`,
        remedy: 'Run belt doctor --fix: it gives the role what it had after belt setup.',
        fixable: true,
      }),
    );
  }
  const trouble = state.can_login
    ? await loginTrouble(side)
    : { code: 'role-no-login', problem: `role ${name} may not log in on the ${side.word} server (NOLOGIN)` };
  if (trouble === null) return found;
  const others = await otherUsers(await side.root());
  const used = others.map(({ database }) => `"${database}"`).join(', ');
  found.push(
    finding(facts, {
      ...at,
      ...trouble,
      remedy:
        others.length === 0
          ? `Run belt doctor --fix: it gives the role LOGIN and the password of the config.`
          : `belt leaves the role alone, since replication of ${used} may use it. Decide which password is right, and put ` +
            `it into "${side.name}.pglogical_user.pw" of the config, or give it to the role (ALTER ROLE).`,
      fixable: others.length === 0,
    }),
  );
  return found;
}

/** Tries the config's password, from here: what the server answers does not depend on the way. */
async function loginTrouble(side: Side): Promise<{ code: string; problem: string } | null> {
  try {
    await side.giveBack('pglogical', await side.open('pglogical'));
    return null;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    // Anything but the password may be different for the other server, which is asked itself: see connection.ts.
    if (error.detail?.['code'] !== SQLSTATE.invalidPassword) return null;
    const { name } = side.config.pglogical_user;
    return {
      code: 'role-password',
      problem: `role ${name} has another password on the ${side.word} server than in the config, or one that has expired`,
    };
  }
}
