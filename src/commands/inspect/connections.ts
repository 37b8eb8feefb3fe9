import { uncountedOn, type ExclusionOptions } from '../../logins/exclusions.js';
import { applicationSessions } from '../../logins/sessions.js';
import type { Pair } from '../../pair/pair.js';
import type { Side } from '../../pair/side.js';
import type { ConnectionsFields, ConnectionsSide } from '../../results/connections.js';
import type { Outcome } from '../define.js';

/** Counts the sessions of clients in both databases. */
export async function run(pair: Pair, options: ExclusionOptions): Promise<Outcome<ConnectionsFields>> {
  const [source, destination] = await Promise.all([count(pair, pair.src, options), count(pair, pair.dst, options)]);
  return { fields: { source, destination } };
}

async function count(pair: Pair, side: Side, options: ExclusionOptions): Promise<ConnectionsSide> {
  const sessions = await applicationSessions(await side.root(), uncountedOn(pair, side, options));
  return { total_connections: Object.values(sessions).reduce((sum, some) => sum + some, 0), by_user: sessions };
}
