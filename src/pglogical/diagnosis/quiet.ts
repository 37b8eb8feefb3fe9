import type { Session } from '../../postgres/session.js';

/**
 * Keeps what follows in the open transaction out of the server's log and statistics: a connection string with its password,
 * or the values of a row, would stand there in an error's context.
 * @throws QueryError (insufficient privilege) where root may not set that; then the work must be left undone
 */
export async function keepOutOfLog(session: Session): Promise<void> {
  await session.query(
    `SELECT set_config(name, value, true)
       FROM (VALUES ('log_min_messages', 'panic'), ('log_min_error_statement', 'panic'), ('log_error_verbosity', 'terse'),
                    ('client_min_messages', 'error'), ('pg_stat_statements.track', 'none'), ('pgaudit.log', 'none'),
                    ('auto_explain.log_min_duration', '-1')) AS quiet (name, value)`,
  );
}
