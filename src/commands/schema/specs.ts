import { createRoles, definePairCommand, flag, integer, noExtensions, type CommandSpec } from '../define.js';

const fromFiles = flag('--from-files', 'go by the files that dump-schema wrote, not by the source');

const createIndexes = definePairCommand({
  name: 'create-indexes',
  group: 'replicate',
  summary: 'build the indexes that setup left out, before the downtime',
  description:
    'Builds on the destination the indexes that setup left for later, several at once, then gathers statistics. Do it ' +
    'when forward replication is replicating, days or hours before the cutover: what is still missing at the cutover is ' +
    'built by sync, in the downtime. Indexes that are there already are skipped. What to build is read from the source, or ' +
    'from the files that dump-schema wrote (--from-files, or when the config has no source).',
  examples: [{ line: 'belt create-indexes testdatacenter1 database1', means: 'once "belt status" says replicating' }],
  needs: 'dst',
  changes: true,
  options: {
    fromFiles,
    concurrently: flag(
      '--concurrently',
      'build with CREATE INDEX CONCURRENTLY, one index after the other: nobody who writes has to wait',
    ),
    jobs: integer('-j, --jobs <n>', 'indexes built at once, for each database', { min: 1, max: 64, defaultValue: 4 }),
  },
  result: async () => (await import('../../results/create-indexes.js')).createIndexesFields,
  load: () => import('./create-indexes.js'),
  table: () => import('../../render/tables/create-indexes.js'),
});

const diffSchemas = definePairCommand({
  name: 'diff-schemas',
  group: 'watch',
  summary: 'compare the schemas of both sides, object by object',
  description:
    'Reads the catalogs of both sides and tells what the destination lacks, has besides, or has in another form: tables, ' +
    'columns, constraints, indexes, sequences, views, routines, types, triggers, policies, comments, privileges and more. ' +
    'Indexes and NOT VALID constraints that are made only after the data count with --full. Changes nothing. Exit code 1 ' +
    'when something differs. A database whose config lists tables is skipped, as only a part of the schema moves there.',
  examples: [
    { line: 'belt diff-schemas testdatacenter1 database1', means: 'after the schema was loaded' },
    { line: 'belt diff-schemas testdatacenter1 --full', means: 'after sync, for every database of the datacenter' },
  ],
  needs: 'both',
  changes: false,
  options: { full: flag('--full', 'compare NOT VALID constraints and the indexes that can wait as well') },
  result: async () => (await import('../../results/diff-schemas.js')).diffSchemasFields,
  load: () => import('./diff-schemas.js'),
  table: () => import('../../render/tables/diff-schemas.js'),
});

const dumpSchema = definePairCommand({
  name: 'dump-schema',
  group: 'schema',
  summary: 'write the schema of the source into SQL files of the project folder',
  description:
    'Writes four files into schemas/DC/DB/: schema.sql (all of it), load.sql (without NOT VALID constraints and without the ' +
    'indexes that can wait; load-schema loads it), indexes.sql (those indexes; for create-indexes) and constraints.sql (those ' +
    'constraints; for load-constraints). They are plain SQL and may be edited. A dump does not overwrite a file that was ' +
    'edited, unless --force is given. Changes neither server.',
  examples: [
    { line: 'belt dump-schema testdatacenter1 database1', means: 'to read the schema, or to change it on its way' },
    { line: 'belt dump-schema testdatacenter1 database1 --force', means: 'dump again, over files that were edited' },
  ],
  needs: 'both',
  changes: false,
  options: { force: flag('--force', 'overwrite files that were edited since they were written') },
  next: 'belt load-schema {target}',
  result: async () => (await import('../../results/dump-schema.js')).dumpSchemaFields,
  load: () => import('./dump-schema.js'),
  table: () => import('../../render/tables/dump-schema.js'),
});

const loadSchema = definePairCommand({
  name: 'load-schema',
  group: 'schema',
  summary: 'load the schema that dump-schema wrote into the destination',
  description:
    'Loads schemas/DC/DB/load.sql into the destination as its owner, in one transaction: all of it, or nothing. Creates ' +
    'extensions before, and gives the schema its privileges after that, as setup does. A statement that fails is named with ' +
    'its object and line. Nothing is done when the schema is there already. The source is not needed.',
  examples: [{ line: 'belt load-schema testdatacenter1 database1', means: 'then belt setup --no-schema' }],
  needs: 'dst',
  changes: true,
  options: { createRoles, extensions: noExtensions },
  next: 'belt setup {target} --no-schema',
  result: async () => (await import('../../results/detail.js')).detailFields,
  load: () => import('./load-schema.js'),
  table: () => import('../../render/tables/steps.js'),
});

const loadConstraints = definePairCommand({
  name: 'load-constraints',
  group: 'schema',
  summary: 'add the NOT VALID constraints to the destination',
  description:
    'Adds the NOT VALID constraints, which setup and load-schema leave out since rows may break them. Do it when the data is ' +
    'there; sync does it too. Those that exist are skipped. What to add is read from the source, or from the files that ' +
    'dump-schema wrote (--from-files, or when the config has no source).',
  examples: [{ line: 'belt load-constraints testdatacenter1 database1', means: 'when the data is there' }],
  needs: 'dst',
  changes: true,
  options: { fromFiles },
  result: async () => (await import('../../results/load-constraints.js')).loadConstraintsFields,
  load: () => import('./load-constraints.js'),
  table: () => import('../../render/tables/load-constraints.js'),
});

const removed = async () => (await import('../../results/removal.js')).removalFields;
const removalTable = () => import('../../render/tables/removal.js');
const ONLY_WHAT_CAN_BE_MADE_AGAIN =
  'Only what can be made again is dropped: what the source (or the file that dump-schema wrote, with --from-files or when ' +
  'the config has no source) does not have, or has in another form, is left and named.';

const removeConstraints = definePairCommand({
  name: 'remove-constraints',
  group: 'schema',
  summary: 'drop the NOT VALID constraints from the destination',
  description:
    'For a destination whose schema was loaded by other means: drops the NOT VALID constraints before the data comes, since ' +
    `rows may break them; load-constraints or sync adds them again. ${ONLY_WHAT_CAN_BE_MADE_AGAIN}`,
  examples: [{ line: 'belt remove-constraints testdatacenter1 database1', means: 'before belt setup --no-schema' }],
  needs: 'dst',
  changes: true,
  options: { fromFiles },
  result: removed,
  load: () => import('./remove-constraints.js'),
  table: removalTable,
});

const removeIndexes = definePairCommand({
  name: 'remove-indexes',
  group: 'schema',
  summary: 'drop the indexes from the destination that can wait until the data is there',
  description:
    'For a destination whose schema was loaded by other means: drops the indexes that slow the initial copy down; ' +
    'create-indexes or sync makes them again. Indexes of constraints, and those that a foreign key or a replica identity ' +
    `rests on, stay. ${ONLY_WHAT_CAN_BE_MADE_AGAIN}`,
  examples: [
    { line: 'belt remove-indexes testdatacenter1 database1 --dry-run', means: 'see what would be left' },
    { line: 'belt remove-indexes testdatacenter1 database1', means: 'before belt setup --no-schema' },
  ],
  needs: 'dst',
  changes: true,
  options: { fromFiles },
  result: removed,
  load: () => import('./remove-indexes.js'),
  table: removalTable,
});

export const schemaCommands = {
  dumpSchema,
  loadSchema,
  loadConstraints,
  removeConstraints,
  removeIndexes,
  createIndexes,
  diffSchemas,
} satisfies Record<string, CommandSpec>;
