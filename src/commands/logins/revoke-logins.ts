import { saveOtherUsers } from '../../config/save.js';
import { RefusedError } from '../../errors.js';
import { exclusionsFor, type ExclusionOptions } from '../../logins/exclusions.js';
import { rolesWithLogin, setLogin } from '../../logins/roles.js';
import { clientSessions, describeSessions, disconnectClients } from '../../logins/sessions.js';
import type { Pair } from '../../pair/pair.js';
import type { RevokeLoginsFields } from '../../results/revoke-logins.js';
import type { Outcome } from '../define.js';

interface Options extends ExclusionOptions {
  readonly disconnect: boolean;
}

/** Keeps the names on disk, takes LOGIN, and ends sessions where asked. */
export async function run(pair: Pair, options: Options): Promise<Outcome<RevokeLoginsFields>> {
  const session = await pair.src.root();
  const exclusions = exclusionsFor(pair, options);
  const roles = await rolesWithLogin(session, exclusions);
  const known = (pair.config.src?.other_users ?? []).map(({ name }) => name);
  const saved = [...new Set([...known, ...roles])].sort();
  const unsaved = roles.filter((role) => !known.includes(role));
  let disconnected = 0;
  let remaining: Record<string, number> = {};

  await pair.run([
    {
      name: 'save-roles',
      title: 'keep the names of the roles in src.other_users of the config',
      done: () => Promise.resolve(unsaved.length === 0 ? 'they stand there already' : null),
      run: async () => {
        await saveOtherUsers(pair.options.configPath, 'src', saved);
        return `kept ${String(unsaved.length)} names`;
      },
    },
    {
      name: 'revoke-login',
      title: `take LOGIN from ${String(roles.length)} roles on the source`,
      done: () => Promise.resolve(roles.length === 0 ? 'no role has LOGIN that is not excluded' : null),
      run: async () => {
        await setLogin(session, roles, false);
        return `took LOGIN from ${roles.join(', ')}`;
      },
    },
    {
      name: 'disconnect',
      title: 'end the open sessions on the source',
      done: async () => {
        if (!options.disconnect) return 'not asked for (--disconnect)';
        return Object.keys(await clientSessions(session, exclusions)).length === 0 ? 'there are none' : null;
      },
      run: async () => {
        disconnected = await disconnectClients(session, exclusions, pair.environment.signal);
        return disconnected === 1 ? 'ended 1 session' : `ended ${String(disconnected)} sessions`;
      },
    },
    {
      name: 'count-sessions',
      title: 'count the sessions that remain on the source',
      readOnly: true,
      run: async () => {
        remaining = await clientSessions(session, exclusions);
        const left = describeSessions(remaining);
        if (left !== '' && options.disconnect && !pair.options.dryRun) throw sessionsRemain(pair, left);
        return left === '' ? 'none remains' : `still open, and able to write: ${left}`;
      },
    },
  ]);
  return { fields: { detail: { revoked: roles, saved, disconnected, remaining_sessions: remaining } } };
}

function sessionsRemain(pair: Pair, left: string): RefusedError {
  return new RefusedError(`sessions on the ${pair.src.toString()} did not end: ${left}`, {
    hint: 'Run the same command again.',
    detail: { side: 'src' },
  });
}
