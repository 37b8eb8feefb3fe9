import type { Session } from './session.js';

/**
 * Commits something with a wait for the disk, which carries all earlier commits along: those of sessions that do not
 * wait (synchronous_commit = off) because they commit often. A message in the write-ahead log changes nothing else; a
 * transaction that writes nothing would not wait.
 */
export async function makeDurable(session: Session): Promise<void> {
  await session.query(
    `SELECT CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END,
            pg_logical_emit_message(true, 'belt', 'durable')`,
  );
}
