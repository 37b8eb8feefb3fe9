import { RefusedError } from '../errors.js';
import type { Session } from '../postgres/session.js';
import type { Pair } from './pair.js';

/** What makes a database this one and no other. */
interface Identity {
  /** Given at initdb; copies of a server's files (standbys, restored snapshots) have the same. */
  system: string;
  /** By which a server differs from a copy of it. */
  started: string;
  database: string;
}

async function readIdentity(session: Session): Promise<Identity> {
  return session.one<Identity>(
    `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
            pg_postmaster_start_time()::text AS started,
            (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database`,
  );
}

/**
 * Makes sure that source and destination are two databases, whatever they are called.
 * @returns what tells them apart, as a sentence
 * @throws RefusedError when both sides lead to one database
 */
export async function requireTwoDatabases(pair: Pair): Promise<string> {
  const roots = await pair.roots();
  const [src, dst] = await Promise.all([readIdentity(roots.src), readIdentity(roots.dst)]);
  if (src.system === dst.system && src.started === dst.started && src.database === dst.database) {
    throw new RefusedError(
      `source and destination of "${pair.db}" are one and the same database: server ${src.system}, database "${pair.src.config.db}"`,
      {
        hint: 'Check "src" and "dst" in the config: host, port and db.',
        detail: { system_identifier: src.system, database: pair.src.config.db },
      },
    );
  }
  return src.system === dst.system
    ? `two databases of server ${src.system}`
    : `source is server ${src.system}, destination is server ${dst.system}`;
}
