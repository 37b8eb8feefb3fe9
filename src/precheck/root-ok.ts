import type { PrecheckRole } from '../results/precheck.js';

/** Whether the root user is what belt needs: it can log in, makes roles, and is superuser or RDS's stand-in for it. */
export function rootOk(role: PrecheckRole | null): boolean {
  return (
    role !== null &&
    role.rolcanlogin &&
    // A superuser makes roles whether it has CREATEROLE or not.
    (role.rolsuper || (role.rolcreaterole && role.memberof.includes('rds_superuser')))
  );
}
