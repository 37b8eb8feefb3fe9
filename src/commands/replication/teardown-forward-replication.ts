import { RefusedError } from '../../errors.js';
import { clientSessions, describeSessions } from '../../logins/sessions.js';
import { exclusionsFor, type ExclusionOptions } from '../../logins/exclusions.js';
import type { Pair } from '../../pair/pair.js';
import { removeProofStep } from '../../pglogical/copy-proof.js';
import { forward } from '../../pglogical/direction.js';
import { readSubscription } from '../../pglogical/state.js';
import { drainStep, dropSteps, type TeardownOptions } from '../../pglogical/teardown-steps.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Ends forward replication, once no one can write on the source and all it has committed is applied. */
export async function run(pair: Pair, options: TeardownOptions & ExclusionOptions): Promise<Outcome<DetailFields>> {
  const direction = forward(pair);
  // With --force a source that is no more does not keep the destination from being set free.
  const srcAnswers = !options.force || (await answers(pair));
  await pair.run([
    {
      name: 'check-writers',
      title: 'check that no session can write on the source any more',
      done: async () => {
        const subscription = await readSubscription(await pair.dst.root(), direction.subscription);
        if (subscription === null) return 'forward replication is not configured';
        return options.force ? 'not looked at, because of --force' : null;
      },
      readOnly: true,
      run: () => refuseWriters(pair, options),
    },
    drainStep(pair, direction, options),
    ...dropSteps(pair, direction, options),
    removeProofStep(pair.dst, pair.environment.signal),
    ...(srcAnswers ? [removeProofStep(pair.src, pair.environment.signal)] : []),
  ]);
  return { fields: { detail: { subscription: direction.subscription } } };
}

async function answers(pair: Pair): Promise<boolean> {
  if (!pair.hasSrc) return false;
  return pair.src.root().then(
    () => true,
    () => false,
  );
}

/** What such a session commits after the subscription is dropped would never arrive. */
async function refuseWriters(pair: Pair, options: ExclusionOptions): Promise<string> {
  const exclusions = exclusionsFor(pair, options);
  const sessions = await clientSessions(await pair.src.root(), exclusions);
  const count = Object.values(sessions).reduce((sum, one) => sum + one, 0);
  if (count === 0) return 'no client sessions are left';
  throw new RefusedError(
    `${String(count)} client ${count === 1 ? 'session' : 'sessions'} can still write on the ${pair.src.toString()}: ${describeSessions(sessions)}; what is committed there from now on would be lost`,
    {
      hint:
        'End them with "belt revoke-logins --disconnect". Roles that only read can be left out with -e or -p, or with ' +
        '"exclude_users" in the config. --force goes on all the same.',
      detail: { side: 'src', sessions },
    },
  );
}
