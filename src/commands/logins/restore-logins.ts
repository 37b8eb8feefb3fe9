import { raiseSequences } from '../../data/sequences.js';
import { BeltError, InterruptedError } from '../../errors.js';
import { loginState, setLogin } from '../../logins/roles.js';
import type { Pair } from '../../pair/pair.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Raises what sequences are behind, then gives LOGIN back to the roles that revoke-logins took it from. */
export async function run(pair: Pair): Promise<Outcome<DetailFields>> {
  const session = await pair.src.root();
  const saved = (pair.src.config.other_users ?? []).map(({ name }) => name);
  const state = await loginState(session, saved);
  const restore = saved.filter((name) => state.get(name) === false);
  const missing = saved.filter((name) => !state.has(name));
  await pair.run([
    {
      name: 'raise-sequences',
      title: 'raise sequences of the source that are behind the destination',
      done: () => Promise.resolve(pair.hasDst ? null : 'the config has no destination'),
      run: () => raiseFromDestination(pair),
    },
    {
      name: 'restore-login',
      title: `give LOGIN back to ${String(restore.length)} roles on the source`,
      done: () => Promise.resolve(restore.length === 0 ? nothingToRestore(saved) : null),
      run: async () => {
        await setLogin(session, restore, true);
        const gone = missing.length === 0 ? '' : `; no longer there: ${missing.join(', ')}`;
        return `gave LOGIN back to ${restore.join(', ')}${gone}`;
      },
    },
  ]);
  return { fields: { detail: { restored: restore, missing } } };
}

function nothingToRestore(saved: readonly string[]): string {
  return saved.length === 0 ? 'src.other_users of the config names none' : 'all of them have LOGIN';
}

/** A rollback must be possible with the destination gone: then the sequences stay, and the person is told. */
async function raiseFromDestination(pair: Pair): Promise<string> {
  try {
    const result = await raiseSequences(await pair.dst.root(), await pair.src.root(), {
      schemas: await pair.schemas(),
      only: pair.config.sequences,
    });
    const raised = [...result.pk_sequences, ...result.non_pk_sequences].filter(({ synced }) => synced).length;
    return raised === 0 ? 'none is behind' : `raised ${String(raised)}`;
  } catch (error) {
    if (!(error instanceof BeltError) || error instanceof InterruptedError) throw error;
    return `LEFT AS THEY ARE (${error.message}): check them before the application starts`;
  }
}
