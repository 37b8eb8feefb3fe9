import { definePairCommand, exclusionOptions, flag, type CommandSpec } from '../define.js';

const revokeLogins = definePairCommand({
  name: 'revoke-logins',
  group: 'cutover',
  summary: 'take LOGIN from the roles of the source: the downtime begins',
  description:
    'Takes LOGIN from every role of the source server that has it, but for the root, pglogical, postgres, rds* and pg_* ' +
    'roles, monitoring accounts, and those that you exclude. The names are kept in "src.other_users" of the config before ' +
    'the first role is changed, so that restore-logins can give LOGIN back. Sessions that are open stay open, and can go on ' +
    'writing, unless --disconnect ends them.',
  examples: [
    { line: 'belt revoke-logins testdatacenter1 database1 --disconnect', means: 'cut the application off now' },
    { line: "belt revoke-logins testdatacenter1 database1 -e reporting -p 'backup%'", means: 'leave some roles alone' },
  ],
  needs: 'src',
  changes: true,
  next: 'belt teardown-forward-replication {target}',
  options: {
    ...exclusionOptions,
    disconnect: flag('--disconnect', 'end the open sessions of those roles in this database'),
  },
  result: async () => (await import('../../results/revoke-logins.js')).revokeLoginsFields,
  load: () => import('./revoke-logins.js'),
  table: () => import('../../render/tables/revoke-logins.js'),
});

const restoreLogins = definePairCommand({
  name: 'restore-logins',
  group: 'cutover',
  summary: 'give LOGIN back on the source: a rollback, or a cutover called off',
  description:
    'Gives LOGIN back to the roles in "src.other_users" of the config: those from which revoke-logins took it, and no ' +
    'other. Before that it raises sequences of the source that are behind the destination, so that no id is given out ' +
    'twice after a rollback.',
  examples: [
    { line: 'belt restore-logins testdatacenter1 database1', means: 'after teardown-back-replication, to roll back' },
  ],
  needs: 'src',
  changes: true,
  options: {},
  result: async () => (await import('../../results/detail.js')).detailFields,
  load: () => import('./restore-logins.js'),
  table: () => import('../../render/tables/steps.js'),
});

export const loginCommands = { revokeLogins, restoreLogins } satisfies Record<string, CommandSpec>;
