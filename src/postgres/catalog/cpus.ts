import { QueryError } from '../../errors.js';
import type { Session } from '../session.js';

/** Linux tells which processors there are, such as `0-3` or `0,2-5`, and how much of them a container gets. */
const ONLINE = '/sys/devices/system/cpu/online';
const SHARE = '/sys/fs/cgroup/cpu.max';

/**
 * How many processors the server's machine has; null where it does not tell: the role may not read the machine's files, as
 * on managed services, or the machine does not run Linux.
 */
export async function serverCpus(session: Session): Promise<number | null> {
  const { may } = await session.one<{ may: boolean }>(
    `SELECT pg_has_role('pg_read_server_files', 'USAGE')
            AND has_function_privilege('pg_catalog.pg_read_file(text,bigint,bigint,boolean)', 'EXECUTE') AS may`,
  );
  if (!may) return null;
  try {
    // With a length, since files of the kernel say that they have none.
    const { online, share } = await session.one<{ online: string | null; share: string | null }>(
      'SELECT pg_read_file($1, 0, 1000, true) AS online, pg_read_file($2, 0, 100, true) AS share',
      [ONLINE, SHARE],
    );
    return online === null ? null : countCpus(online, share);
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

/**
 * @param online as Linux writes it, such as `0-3` or `0,2-5`
 * @param share what a container gets: microseconds of a period, such as `200000 100000`, or `max 100000` for all
 */
function countCpus(online: string, share: string | null): number | null {
  const ranges = online.trim().split(',');
  const count = ranges.reduce((sum, range) => {
    const [first, last = first] = range.split('-').map(Number);
    return sum + (last ?? NaN) - (first ?? NaN) + 1;
  }, 0);
  const [quota, period] = (share ?? '').trim().split(/\s+/).map(Number);
  const allowed = quota !== undefined && period !== undefined && quota / period > 0 ? quota / period : Infinity;
  const cpus = Math.ceil(Math.min(count, allowed));
  return Number.isSafeInteger(cpus) && cpus > 0 ? cpus : null;
}
