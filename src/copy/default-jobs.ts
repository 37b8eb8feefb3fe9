import { serverCpus } from '../postgres/catalog/cpus.js';
import type { Session } from '../postgres/session.js';

const WHEN_UNKNOWN = 4;
const FEWEST = 4;
const MOST = 8;

/**
 * How many pieces are copied at once unless told otherwise: as many as the destination has processors, but for one; not
 * fewer than four, since each waits for the network at times, and not more than eight, for the sake of the source.
 */
export async function defaultJobs(destination: Session): Promise<number> {
  const cpus = await serverCpus(destination);
  return cpus === null ? WHEN_UNKNOWN : Math.min(MOST, Math.max(FEWEST, cpus - 1));
}
