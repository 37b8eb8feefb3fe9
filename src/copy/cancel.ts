import { hostname, userInfo } from 'node:os';
import { DeadlineError } from '../errors.js';
import { readLockHolder, SETUP_SESSIONS, type LockHolder } from '../pair/lock.js';
import type { Pair } from '../pair/pair.js';
import { askToEnd, readControl } from '../pglogical/copy-control.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';
import { copiedSoFar } from './so-far.js';

/** How long the other belt may take to come to where it takes orders, and to end. */
const TAKES_ORDERS_MS = 30_000;
const ENDS_MS = 60_000;

/** The setup that is at work on the destination, or null. */
export async function setupAtWork(destination: Session): Promise<LockHolder | null> {
  const holder = await readLockHolder(destination);
  return holder?.application_name.startsWith(SETUP_SESSIONS) === true ? holder : null;
}

/**
 * Ends the setup that is at work, wherever it runs, and waits until it has ended.
 * @returns what it had done
 * @throws DeadlineError that says where it runs, when it does not end
 */
export async function cancelSetup(pair: Pair): Promise<{ cancelled: boolean }> {
  const { signal } = pair.environment;
  const found: { holder: LockHolder | null } = { holder: null };
  await pair.run([
    {
      name: 'cancel-setup',
      title: 'end the setup that is at work',
      done: async () => {
        found.holder = await setupAtWork(await pair.dst.root());
        return found.holder === null ? 'none is at work' : null;
      },
      run: async (progress) => {
        const session = await pair.dst.root();
        const by = `${whoAsks()} on ${hostname()} with "belt setup --cancel"`;
        const asked = await waitFor(
          async () => {
            if ((await setupAtWork(session)) === null) return true;
            const run = await readControl(session);
            if (run?.ended_at !== null) return undefined;
            await askToEnd(session, by);
            return true;
          },
          { deadline: TAKES_ORDERS_MS, signal },
        );
        progress(`waits until ${found.holder?.application_name ?? 'it'} has ended`);
        const ended =
          asked === undefined
            ? undefined
            : await waitFor(async () => ((await setupAtWork(session)) === null ? true : undefined), {
                deadline: ENDS_MS,
                signal,
              });
        if (ended === undefined) throw notEnded(pair, (await setupAtWork(session)) ?? found.holder);
        return `ended; ${await copiedSoFar(session)}; "belt setup ${pair.config.dc} ${pair.db}" goes on`;
      },
    },
  ]);
  return { cancelled: found.holder !== null };
}

function whoAsks(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in containers.
    return 'somebody';
  }
}

function notEnded(pair: Pair, holder: LockHolder | null): DeadlineError {
  return new DeadlineError(
    `the setup at work on the ${pair.dst.toString()} does not end` +
      (holder === null ? '' : `: "${holder.application_name}" from ${holder.address}, since ${holder.since}`),
    {
      hint:
        'End that process on its machine (kill PID). If the machine is asleep or gone, end its session on the destination' +
        (holder === null ? '.' : `: SELECT pg_terminate_backend(${String(holder.backend)}).`),
      detail: { side: 'dst', holder },
    },
  );
}
