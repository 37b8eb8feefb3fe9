import { setTimeout as sleep } from 'node:timers/promises';
import type { Side } from '../../pair/side.js';
import { qualified } from '../../postgres/quote.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { COPY_SESSIONS } from '../copy-state.js';
import { finding, type Facts } from './facts.js';

/** A lock is waited for now and then in good health: only one that is waited for twice, so long apart, is told of. */
const LOOKS = { count: 2, pauseMs: 700 } as const;

/** Belt's own copy lets go of a lock's queue for half a second now and then, and one of the looks may fall into that. */
const LOOKS_AT_COPY = 3;

interface Wait {
  pid: number;
  worker: string;
  blocker: number;
  user: string | null;
  application: string | null;
  since: string | null;
  /** The table whose lock is waited for; null when it is another kind of lock. */
  schema: string | null;
  name: string | null;
}

/** Processes of this direction that wait for a lock: the apply worker, or a copy of the initial copy on either side. */
export async function lockFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscriber, provider } = facts;
  const found = await Promise.all([
    waitsOn(facts, direction.subscriber, subscriber),
    waitsOn(facts, direction.provider, provider),
  ]);
  return found.flat();
}

async function waitsOn(facts: Facts, side: Side, session: Session): Promise<DoctorFinding[]> {
  const looks = facts.copy === null ? LOOKS.count : LOOKS_AT_COPY;
  const seen = new Map<string, { wait: Wait; times: number }>();
  for (let look = 1; look <= looks; look++) {
    if (look > 1) await sleep(LOOKS.pauseMs);
    for (const wait of await readWaits(facts, side, session)) {
      const key = JSON.stringify([wait.pid, wait.blocker]);
      seen.set(key, { wait, times: (seen.get(key)?.times ?? 0) + 1 });
    }
    if (seen.size === 0 && facts.copy === null) return [];
  }
  return [...seen.values()].filter(({ times }) => times > 1).map(({ wait }) => tell(facts, side, wait));
}

/**
 * The apply worker and belt's own copy by their names, the other processes by their role: the sessions of pglogical's copy,
 * and the walsender that waits for open transactions while it makes the slot. Not what the copy's sessions, or pglogical's
 * manager while it starts a worker, keep each other waiting for: that passes by itself.
 */
function readWaits({ direction, subscription }: Facts, side: Side, session: Session): Promise<Wait[]> {
  return session.query<Wait>(
    `SELECT w.pid, w.application_name AS worker, b.pid AS blocker, a.usename::text AS user,
            a.application_name AS application, to_char(coalesce(a.xact_start, a.backend_start), 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since,
            r.schema, r.name
       FROM pg_stat_activity w
       CROSS JOIN LATERAL (SELECT DISTINCT unnest(pg_blocking_pids(w.pid)) AS pid) b
       LEFT JOIN pg_stat_activity a ON a.pid = b.pid
       LEFT JOIN LATERAL (SELECT n.nspname::text AS schema, c.relname::text AS name
                            FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE l.pid = w.pid AND NOT l.granted AND l.locktype = 'relation' LIMIT 1) r ON true
      WHERE w.datname = current_database()
        AND a.application_name IS DISTINCT FROM w.application_name
        AND coalesce(a.backend_type, '') NOT LIKE 'pglogical manager %'
        AND (CASE WHEN $1 THEN w.application_name LIKE 'pglogical apply %:' || (SELECT sub_id FROM pglogical.subscription
                                                                              WHERE sub_name = $2)
                                OR $3 AND w.usename = $4
                 ELSE w.usename = $4 AND (w.backend_type = 'walsender' OR $3) END
             OR w.application_name LIKE $5)
      ORDER BY 1, 3`,
    [
      side === direction.subscriber,
      direction.subscription,
      subscription.sync_status !== 'r',
      side.config.pglogical_user.name,
      COPY_SESSIONS,
    ],
  );
}

function tell(facts: Facts, side: Side, wait: Wait): DoctorFinding {
  const { subscriber } = facts.direction;
  const relation = wait.schema === null || wait.name === null ? null : qualified(wait.schema, wait.name);
  const what = relation === null ? 'a lock' : `a lock on ${relation}`;
  const who =
    wait.blocker === 0
      ? 'a prepared transaction (see pg_prepared_xacts)'
      : `pid ${wait.blocker} (user ${wait.user ?? 'unknown'}, "${wait.application ?? ''}", since ${wait.since ?? 'unknown'})`;
  const process =
    wait.worker.startsWith('pglogical apply') && side === subscriber
      ? 'the apply worker'
      : `"${wait.worker}" (pid ${wait.pid})`;
  return finding(facts, {
    code: 'waits-for-lock',
    severity: 'fail',
    side: side.name,
    object: relation ?? `pid ${wait.pid}`,
    problem: `${process} on the ${side.toString()} waits for ${what} that ${who} holds`,
    remedy:
      wait.blocker === 0
        ? 'End it: COMMIT PREPARED or ROLLBACK PREPARED.'
        : `Let that session end its transaction, or end the session on the ${side.word} server: SELECT pg_terminate_backend(${wait.blocker})`,
  });
}
