import { defineKind } from '../kind.js';

/** What the two databases must be to each other, and what must be there to begin with. */

/** The oldest major version whose catalogs have all that belt asks for (pg_replication_slots.wal_status). */
const OLDEST = 13;

const schemaMissing = defineKind({
  code: 'schema-missing',
  severity: 'fail',
  means: 'The source does not have the schema that is to move.',
  judge: ({ src }) =>
    src.schemasMissing.map((schema) => ({
      side: 'src',
      object: `schema ${schema}`,
      problem: 'does not exist',
      remedy: 'Mend "schema_name" in the config.',
    })),
});

const sameDatabase = defineKind({
  code: 'same-database',
  severity: 'fail',
  means: 'Source and destination are the same database.',
  judge: ({ src, dst }) =>
    src.side.config.db === dst.side.config.db &&
    src.server.system_identifier !== null &&
    src.server.system_identifier === dst.server.system_identifier
      ? [
          {
            side: 'dst',
            object: 'host',
            problem: 'is the same database as the source',
            remedy: 'Mend "src" or "dst" in the config.',
          },
        ]
      : [],
});

const encoding = defineKind({
  code: 'encoding-differs',
  severity: 'fail',
  means: 'The databases have different encodings, and pglogical does not convert.',
  judge: ({ src, dst }) =>
    src.server.encoding === dst.server.encoding
      ? []
      : [
          {
            side: 'dst',
            object: 'server_encoding',
            problem: `is ${dst.server.encoding}, the source's is ${src.server.encoding}`,
            remedy: `Create the destination database with ENCODING '${src.server.encoding}' TEMPLATE template0.`,
          },
        ],
});

const older = defineKind({
  code: 'server-older',
  severity: 'warn',
  means: "The destination's PostgreSQL is older than the source's.",
  judge: ({ src: { session: from }, dst: { session: to } }) =>
    to.major >= from.major
      ? []
      : [
          {
            side: 'dst',
            object: 'server version',
            problem: `is PostgreSQL ${to.major}, older than the source's ${from.major}`,
            remedy: 'What only the newer one knows will not load. Be sure that you want to go back.',
          },
        ],
});

const tooOld = defineKind({
  code: 'server-too-old',
  severity: 'fail',
  means: `The source is older than PostgreSQL ${OLDEST}.`,
  judge: ({ src }) =>
    src.session.major >= OLDEST
      ? []
      : [
          {
            side: 'src',
            object: 'server version',
            problem: `is ${src.server.server_version}`,
            remedy: `belt reads the catalogs as PostgreSQL ${OLDEST} and newer have them.`,
          },
        ],
});

const tools = defineKind({
  code: 'client-tools',
  severity: 'fail',
  means: 'pg_dump, pg_restore or psql is missing on the machine of belt, or too old.',
  schemaOnly: true,
  judge: (facts) =>
    facts.tools
      .filter(({ ok }) => !ok)
      .map(({ problem, remedy }) => ({
        side: 'belt',
        object: 'client tools',
        problem: problem ?? '',
        remedy: remedy ?? '',
      })),
});

export const PAIRING_KINDS = [sameDatabase, schemaMissing, tooOld, encoding, tools, older];
