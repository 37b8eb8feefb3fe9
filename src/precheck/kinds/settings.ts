import { defineKind, type Found } from '../kind.js';
import type { Facts, SideFacts } from '../facts.js';

/** What a server's own settings must be. */

/** The least that pglogical needs for a migration with both directions, as the reference tool asks for it. */
const LEAST = 20;
const NUMBERS = ['max_replication_slots', 'max_worker_processes', 'max_wal_senders'] as const;

/** The same look at both sides. */
export function bothSides(look: (side: SideFacts) => readonly Found[]): (facts: Facts) => Found[] {
  return ({ src, dst }) => [...look(src), ...look(dst)];
}

const least = defineKind({
  code: 'setting-below-least',
  severity: 'fail',
  means: `max_replication_slots, max_worker_processes or max_wal_senders is below ${LEAST}.`,
  accept: 'Replication may lack slots, workers or senders; whether they suffice for now, the findings `*-short` say.',
  judge: bothSides(({ side, server }) =>
    NUMBERS.filter((name) => server[name] < LEAST).map((name) => ({
      side: side.name,
      object: name,
      problem: `is ${server[name]}, and must be at least ${LEAST}`,
      remedy: `Set ${name} = ${LEAST} or more and restart the server.`,
    })),
  ),
});

const walLevel = defineKind({
  code: 'wal-level',
  severity: 'fail',
  means: 'wal_level is not logical.',
  judge: bothSides(({ side, server }) =>
    server.wal_level === 'logical'
      ? []
      : [
          {
            side: side.name,
            object: 'wal_level',
            problem: `is ${server.wal_level}, and must be logical`,
            remedy: 'Set wal_level = logical (on RDS: rds.logical_replication = 1) and restart the server.',
          },
        ],
  ),
});

function notLoaded(library: string): (facts: Facts) => Found[] {
  return bothSides(({ side, server }) =>
    server.shared_preload_libraries?.includes(library) === false
      ? [
          {
            side: side.name,
            object: 'shared_preload_libraries',
            problem: `lacks ${library}`,
            remedy: `Add ${library} to shared_preload_libraries and restart the server.`,
          },
        ]
      : [],
  );
}

const pglogicalNotLoaded = defineKind({
  code: 'pglogical-not-loaded',
  severity: 'fail',
  means: 'shared_preload_libraries lacks pglogical.',
  judge: notLoaded('pglogical'),
});

const statisticsNotLoaded = defineKind({
  code: 'pg-stat-statements-not-loaded',
  severity: 'fail',
  means: 'shared_preload_libraries lacks pg_stat_statements.',
  accept: 'Nothing is lost; how statements fare on the destination cannot be seen.',
  judge: notLoaded('pg_stat_statements'),
});

const rds = defineKind({
  code: 'rds-logical-replication',
  severity: 'fail',
  means: 'rds.logical_replication of an RDS server is off.',
  judge: bothSides(({ side, server: { rds_logical_replication: value } }) =>
    value === null || ['1', 'on'].includes(value)
      ? []
      : [
          {
            side: side.name,
            object: 'rds.logical_replication',
            problem: `is ${value}, and must be 1`,
            remedy: 'Set it in the parameter group and restart the server.',
          },
        ],
  ),
});

const outputPlugins = defineKind({
  code: 'output-plugin-libraries',
  severity: 'note',
  means: "The server refuses pglogical's output plugin.",
  judge: bothSides(({ side, server: { output_plugin_libraries: value } }) =>
    value === null || value.includes('pglogical_output')
      ? []
      : [
          {
            side: side.name,
            object: 'output_plugin_libraries',
            problem: `is "${value}": the server refuses pglogical's output plugin (CVE-2026-6471)`,
            remedy: `setup allows it for role ${side.config.pglogical_user.name} alone.`,
          },
        ],
  ),
});

export const SETTING_KINDS = [walLevel, pglogicalNotLoaded, statisticsNotLoaded, rds, least, outputPlugins];
