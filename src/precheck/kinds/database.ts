import { formatBytes } from '../../bytes.js';
import { formatSeconds } from '../../duration.js';
import { movableSchemas } from '../../postgres/catalog/movable-schemas.js';
import { ident, literal } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { counted, some } from './statements.js';

/** What is in the source's database, or open on its server, besides the schema. */

const largeObjects = defineKind<{ count: number; first: number[] }>({
  code: 'large-objects',
  severity: 'fail',
  means:
    'The source has large objects, which pglogical does not replicate: their numbers arrive, their contents do not.',
  accept: 'Their contents stay behind until sync --large-objects copies them.',
  src: () =>
    `SELECT count(*)::int AS count, (SELECT array_agg(oid::int8 ORDER BY oid) FROM
              (SELECT oid FROM pg_largeobject_metadata ORDER BY oid LIMIT 5) f) AS first
       FROM pg_largeobject_metadata HAVING count(*) > 0`,
  judge: ({ pair }, { src }) =>
    src.map(({ count, first }) => ({
      side: 'src',
      object: 'large objects',
      problem: `are there (${count}: ${some(first.map(String), Math.min(5, count))}${count > 5 ? ', ...' : ''}), and pglogical does not replicate them: their numbers arrive, their contents do not`,
      remedy: `Carry them in the downtime: belt sync ${pair.config.dc} ${pair.db} --large-objects`,
    })),
});

const prepared = defineKind<{ gid: string; database: string; owner: string; seconds: number }>({
  code: 'prepared-transaction',
  severity: 'warn',
  means: "A prepared transaction of the source's server: the replication slot cannot be made before it ends.",
  src: () =>
    `SELECT gid, database, owner, extract(epoch FROM now() - prepared)::float8 AS seconds FROM pg_prepared_xacts ORDER BY prepared`,
  judge: (_, { src }) =>
    src.map(({ gid, database, owner, seconds }) => ({
      side: 'src',
      object: `prepared transaction ${literal(gid).trim()}`,
      problem: `of ${owner} in database "${database}" is open for ${formatSeconds(Math.max(0, Math.floor(seconds)))}: the replication slot waits until it ends`,
      remedy: `In that database: COMMIT PREPARED ${literal(gid).trim()}; or ROLLBACK PREPARED ${literal(gid).trim()};`,
    })),
});

const LONG_TRANSACTION_SECONDS = 60;

const open = defineKind<{ pid: number; username: string | null; database: string | null; seconds: number }>({
  code: 'open-transaction',
  severity: 'warn',
  means: "A long transaction on the source's server: the replication slot waits for it.",
  src: () =>
    `SELECT pid, usename AS username, datname AS database, extract(epoch FROM now() - xact_start)::int AS seconds
       FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND xact_start < now() - interval '${LONG_TRANSACTION_SECONDS} s' ORDER BY xact_start`,
  judge: (_, { src }) =>
    src.map(({ pid, username, database, seconds }) => ({
      side: 'src',
      object: `session ${pid}`,
      problem: `of ${username ?? 'somebody'} in database "${database ?? ''}" has a transaction open for ${formatSeconds(seconds)}: the replication slot waits for every transaction of the server`,
      remedy: 'Let long transactions end before setup.',
    })),
});

const temporary = defineKind<{ tables: string[]; count: number }>({
  code: 'temporary-table',
  severity: 'note',
  means: 'Sessions on the source hold temporary tables, which end with them.',
  src: () =>
    `SELECT count(*)::int AS count, (array_agg(quote_ident(c.relname) ORDER BY c.relname))[1:20] AS tables
       FROM pg_class c WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'p', 'v', 'S', 'f')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
     HAVING count(*) > 0`,
  judge: (_, { src }) =>
    src.map(({ tables, count }) => ({
      side: 'src',
      object: 'temporary tables',
      problem: `are held by sessions (${counted(count, 'table')}: ${some(tables)}): they are not carried, as they end with their sessions`,
      remedy: "Nothing, where sessions make theirs anew. See pg_class with relpersistence = 't'.",
    })),
});

const LARGE_BYTES = 2 ** 30;

const size = defineKind<{ bytes: number; largest: string; largest_bytes: number }>({
  code: 'disk-space',
  severity: 'note',
  means:
    'The schema is larger than 1 GB: how much room the destination needs. No server tells over SQL how much it has.',
  src: () =>
    `SELECT sum(s.bytes)::float8 AS bytes, (array_agg(object ORDER BY s.bytes DESC))[1] AS largest, max(s.bytes)::float8 AS largest_bytes
       FROM (SELECT rel.object, (rel.relpages + coalesce(t.relpages, 0) + coalesce((SELECT sum(ci.relpages) FROM pg_index i JOIN pg_class ci
                      ON ci.oid = i.indexrelid WHERE i.indrelid = rel.oid), 0))::int8 * current_setting('block_size')::int8 AS bytes
               FROM rel LEFT JOIN pg_class t ON t.oid = rel.reltoastrelid WHERE rel.relkind IN ('r', 'm')) s
     HAVING sum(s.bytes) > ${LARGE_BYTES}`,
  judge: (_, { src }) =>
    src.map(({ bytes, largest, largest_bytes }) => ({
      side: 'dst',
      object: 'disk',
      problem: `must have room for about ${formatBytes(bytes)}, the largest table with its indexes being ${largest} (${formatBytes(largest_bytes)}); belt cannot see how much is free`,
      remedy: 'Look on the server (df), or in the console of your provider; leave as much again for WAL and sorting.',
    })),
});

const otherSchema = defineKind<{ name: string; tables: number; objects: number }>({
  code: 'other-schema',
  severity: 'note',
  means: 'The source has another schema with objects, which the config does not name: it does not move.',
  src: () =>
    `SELECT n.nspname AS name, count(*)::int AS objects,
            count(*) FILTER (WHERE d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')))::int AS tables
       FROM pg_namespace n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'
      WHERE n.oid NOT IN (SELECT oid FROM ns) AND d.classid <> 'pg_extension'::regclass
        AND NOT EXISTS (SELECT FROM member m WHERE m.classid = d.classid AND m.objid = d.objid)
      GROUP BY n.nspname ORDER BY 1`,
  judge: async ({ src: { session } }, { src }) => {
    const movable = new Set(await movableSchemas(session));
    return src
      .filter(({ name }) => movable.has(name))
      .map(({ name, tables, objects }) => ({
        side: 'src',
        object: `schema ${ident(name)}`,
        problem: `does not move: the config does not name it (${counted(tables, 'table')}, ${counted(objects - tables, 'other object')})`,
        remedy: `To move it as well, add it to "schema_name" in the config before setup, or take "*" for all.`,
      }));
  },
});

export const DATABASE_KINDS = [otherSchema, largeObjects, prepared, open, temporary, size];
