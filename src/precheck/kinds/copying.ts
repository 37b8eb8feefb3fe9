import { defineKind, type Found, type KindQuery } from '../kind.js';

/** What belt's own copy needs of the servers, beside what replication does. */

/** Sessions that copy, unless told otherwise, and those that belt has open besides. */
const SESSIONS = 4 + 6;
/** PostgreSQL reads a range of blocks by itself from this version on. */
const TID_RANGE_MAJOR = 14;

interface Connections {
  max: number;
  free: number;
}

const CONNECTIONS: KindQuery = () =>
  `SELECT current_setting('max_connections')::int AS max,
          (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'))::int AS free`;

const connections = defineKind<Connections>({
  code: 'connections-short',
  severity: 'warn',
  means: 'A server has hardly any connection left for the sessions that copy.',
  src: CONNECTIONS,
  dst: CONNECTIONS,
  judge: (facts, answers) =>
    (['src', 'dst'] as const).flatMap((side): Found[] => {
      const [now] = answers[side];
      if (now === undefined || now.free >= SESSIONS) return [];
      return [
        {
          side,
          object: 'max_connections',
          problem: `is ${String(now.max)}, of which ${String(Math.max(0, now.free))} are free; setup opens about ${String(SESSIONS)}`,
          remedy: 'Raise it and restart the server, end sessions that nobody needs, or run setup with fewer --jobs.',
        },
      ];
    }),
});

const replica = defineKind<{ may: boolean }>({
  code: 'replica-role-refused',
  severity: 'fail',
  means: 'Root may not keep triggers and foreign keys of the destination from firing while rows are copied.',
  dst: ({ major }) => (major >= 15 ? `SELECT has_parameter_privilege('session_replication_role', 'SET') AS may` : null),
  judge: (facts, { dst: [answer] }) =>
    answer === undefined || answer.may
      ? []
      : [
          {
            side: 'dst',
            object: `role ${facts.dst.side.config.root_user.name}`,
            problem: 'may not set session_replication_role, without which triggers would fire for copied rows',
            remedy: 'As superuser: GRANT SET ON PARAMETER session_replication_role TO that role.',
          },
        ],
});

const resume = defineKind<{ may: boolean }>({
  code: 'copy-begins-anew',
  severity: 'note',
  means: "Root may not write into pglogical's catalog: a copy that was interrupted begins anew.",
  dst: ({ pglogical }) =>
    pglogical
      ? `SELECT bool_and(has_table_privilege('pglogical.local_sync_status', privilege)) AS may
           FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS privilege`
      : null,
  judge: (facts, { dst: [answer] }) =>
    answer === undefined || answer.may
      ? []
      : [
          {
            side: 'dst',
            object: 'pglogical.local_sync_status',
            problem: `is closed to role ${facts.dst.side.config.root_user.name}: a copy that is interrupted cannot be gone on with, and begins anew`,
            remedy: 'As its owner: GRANT INSERT, UPDATE, DELETE ON pglogical.local_sync_status TO that role.',
          },
        ],
});

const whole = defineKind({
  code: 'tables-not-split',
  severity: 'note',
  means: 'The source is older than PostgreSQL 14: each table is copied in one piece.',
  judge: (facts) =>
    facts.src.session.major >= TID_RANGE_MAJOR
      ? []
      : [
          {
            side: 'src',
            object: 'server version',
            problem:
              'cannot read a part of a table without reading all of it: big tables are copied by one session each',
            remedy: 'Nothing need be done; reckon with it when you plan the time.',
          },
        ],
});

export const COPYING_KINDS = [connections, replica, resume, whole];
