import { RefusedError } from '../errors.js';
import { exclusionsFor } from '../logins/exclusions.js';
import { clientSessions, describeSessions } from '../logins/sessions.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { copyProven } from '../pglogical/copy-proof.js';
import { readOwnCopy } from '../pglogical/copy-state.js';
import { forward } from '../pglogical/direction.js';
import { readSubscription } from '../pglogical/state.js';

/** The step that refuses while rows still arrive: nothing that is copied or compared then would stay true. */
export function forwardEndedStep(pair: Pair): Step {
  const direction = forward(pair);
  return {
    name: 'check-forward-replication',
    title: 'check that forward replication has ended',
    readOnly: true,
    run: async () => {
      const subscription = await readSubscription(await pair.dst.root(), direction.subscription);
      if (subscription === null) {
        await refuseUnlessCopied(pair);
        return undefined;
      }
      throw new RefusedError(
        `forward replication of "${pair.db}" is still configured (subscription ${direction.subscription} on the ${pair.dst.toString()})`,
        {
          hint: 'Run belt revoke-logins and belt teardown-forward-replication first.',
          detail: { side: 'dst', object: direction.subscription },
        },
      );
    },
  };
}

/**
 * What proves the copy goes when forward replication is ended in good order. Where it is left, and does not prove it, the
 * destination was never whole.
 */
async function refuseUnlessCopied(pair: Pair): Promise<void> {
  const dst = await pair.dst.root();
  if ((await copyProven(dst, await readOwnCopy(dst))) !== false) return;
  throw new RefusedError(
    `the ${pair.dst.toString()} never got all rows: the initial copy was given up before its end`,
    {
      hint: 'Run belt reset, then belt setup: it copies everything anew.',
      detail: { side: 'dst' },
    },
  );
}

/**
 * The step that warns when somebody can still write on the source.
 * @param consequence what becomes of that, as the end of the sentence
 */
export function writersStep(pair: Pair, consequence: string): Step {
  return {
    name: 'check-writers',
    title: 'look for sessions that can still write on the source',
    readOnly: true,
    run: async () => {
      const exclusions = exclusionsFor(pair, { excludeUser: [], excludePattern: [] });
      const left = describeSessions(await clientSessions(await pair.src.root(), exclusions));
      return left === '' ? 'there are none' : `WARNING: ${left}: ${consequence}`;
    },
  };
}
