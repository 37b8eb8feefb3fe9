import { dataCommands } from './commands/data/specs.js';
import type { CommandSpec } from './commands/define.js';
import { inspectCommands } from './commands/inspect/specs.js';
import { loginCommands } from './commands/logins/specs.js';
import { projectCommands } from './commands/project/specs.js';
import { replicationCommands } from './commands/replication/specs.js';
import { sandboxCommands } from './commands/sandbox/specs.js';
import { schemaCommands } from './commands/schema/specs.js';

/** The commands, in the order in which a migration uses them; the ones beside a migration last. */
export const registry: readonly CommandSpec[] = [
  inspectCommands.precheck,
  replicationCommands.setup,
  replicationCommands.setupBack,
  inspectCommands.status,
  inspectCommands.doctor,
  schemaCommands.createIndexes,
  dataCommands.analyze,
  loginCommands.revokeLogins,
  replicationCommands.teardownForward,
  dataCommands.sync,
  replicationCommands.teardownBack,
  loginCommands.restoreLogins,
  sandboxCommands.sandbox,
  projectCommands.schema,
];
