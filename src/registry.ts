import { dataCommands } from './commands/data/specs.js';
import type { CommandSpec } from './commands/define.js';
import { inspectCommands } from './commands/inspect/specs.js';
import { loginCommands } from './commands/logins/specs.js';
import { projectCommands } from './commands/project/specs.js';
import { replicationCommands } from './commands/replication/specs.js';
import { sandboxCommands } from './commands/sandbox/specs.js';
import { schemaCommands } from './commands/schema/specs.js';

/** The commands, by the groups of the help; within a group in the order in which a migration uses them. */
export const registry: readonly CommandSpec[] = [
  inspectCommands.checkConnectivity,
  inspectCommands.precheck,
  inspectCommands.checkPkeys,
  inspectCommands.srcDsn,
  inspectCommands.dstDsn,
  replicationCommands.setup,
  replicationCommands.setupBack,
  schemaCommands.createIndexes,
  dataCommands.analyze,
  loginCommands.revokeLogins,
  replicationCommands.teardownForward,
  dataCommands.sync,
  replicationCommands.teardownBack,
  loginCommands.restoreLogins,
  inspectCommands.status,
  inspectCommands.wait,
  inspectCommands.doctor,
  inspectCommands.connections,
  schemaCommands.diffSchemas,
  schemaCommands.dumpSchema,
  schemaCommands.loadSchema,
  schemaCommands.loadConstraints,
  schemaCommands.removeConstraints,
  schemaCommands.removeIndexes,
  dataCommands.validateData,
  dataCommands.syncSequences,
  dataCommands.diffSequences,
  dataCommands.syncTables,
  replicationCommands.reset,
  replicationCommands.teardown,
  replicationCommands.cleanupPreviousConfig,
  sandboxCommands.sandbox,
  projectCommands.init,
  projectCommands.list,
  projectCommands.schema,
  projectCommands.completion,
];
