import { z } from 'zod';

const role = z.object({
  rolname: z.string(),
  rolcanlogin: z.boolean(),
  rolcreaterole: z.boolean(),
  rolinherit: z.boolean(),
  rolsuper: z.boolean(),
  memberof: z.array(z.string()).describe('Roles it is a member of.'),
  can_create: z.boolean().describe('May create objects in the schema; where that is not there yet, in the database.'),
});

const table = z.object({
  name: z.string(),
  schema_name: z.string(),
  owner: z.string(),
  has_primary_key: z.boolean(),
  replication_method: z
    .enum(['pglogical', 'dump_and_load', 'unavailable'])
    .describe('How its rows move: replicated, copied in the downtime, or not at all.'),
  can_replicate: z.boolean().describe('Whether pglogical replicates it.'),
  reason: z.string().nullable().describe('Why it is not replicated.'),
});

const sequence = z.object({
  name: z.string(),
  schema_name: z.string(),
  owner: z.string(),
  object_type: z.literal('sequence'),
  can_replicate: z.boolean(),
});

const side = z.object({
  db: z.string(),
  schema_name: z.string(),
  server_version: z.string(),
  max_replication_slots: z.number(),
  max_worker_processes: z.number(),
  max_wal_senders: z.number(),
  wal_level: z.string(),
  shared_preload_libraries: z.array(z.string()),
  rds_logical_replication: z.string().describe('on, off, or that it is no RDS server.'),
  output_plugin_libraries: z
    .string()
    .nullable()
    .describe('The output plugins that the server allows; null on servers that do not ask.'),
  pglogical_version: z.string().nullable().describe('The version that is installed on the server.'),
  root_user: role,
  owner_user: role.nullable(),
  tables: z.array(table),
  sequences: z.array(sequence),
  extensions: z.array(
    z.object({ extname: z.string(), in_other_side: z.boolean().describe('Whether the other database has it, too.') }),
  ),
  root_ok: z.boolean().describe('Whether the root user can do what belt needs.'),
  owner_ok: z.boolean().describe('Whether the owner is there and can log in.'),
  shared_preload_ok: z.boolean().describe('Whether pglogical and pg_stat_statements are loaded.'),
});

const finding = z.object({
  code: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .describe('Stable name of the kind of finding, for programs and for `--accept`: `large-objects`.'),
  severity: z
    .enum(['fail', 'warn', 'note'])
    .describe(
      '`fail`: setup refuses, as it would fail or something be lost; `warn`: look at it first; `note`: belt deals with it, or a fact to know.',
    ),
  side: z.enum(['src', 'dst', 'belt']).describe('Whose it is; belt: the machine that belt runs on.'),
  object: z.string().describe('What it is about: a setting, a role, a table, a tool.'),
  problem: z.string(),
  remedy: z.string().describe('What to do: a sentence, or the statement or command that does it.'),
  acceptable: z.boolean().describe('Whether `setup --accept` with the code goes on in spite of it.'),
});

/** What `belt precheck` tells about one database. */
export const precheckFields = z.object({
  src: side,
  dst: side,
  extensions_match: z.boolean().describe("Whether the destination has all of the source's extensions."),
  client_tools: z
    .array(z.object({ name: z.string(), ok: z.boolean(), path: z.string().nullable(), version: z.string().nullable() }))
    .describe('pg_dump, pg_restore and psql, as belt found them on this machine.'),
  findings: z.array(finding).describe('Everything that stands in the way or is worth knowing, worst first.'),
});

export type PrecheckFields = z.infer<typeof precheckFields>;
export type PrecheckSide = z.infer<typeof side>;
export type PrecheckRole = z.infer<typeof role>;
export type Finding = z.infer<typeof finding>;
