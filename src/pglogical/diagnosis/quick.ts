import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type QuickFacts } from './facts.js';
import { pluginFindings } from './plugin.js';
import { libraryFindings } from './server.js';
import { slotFindings } from './slot.js';
import { subscriptionFindings } from './subscription.js';

/** What a few cheap questions tell of a direction: enough for status, and where the doctor begins. */
export async function quickFindings(facts: QuickFacts, copyLost: boolean): Promise<DoctorFinding[]> {
  const library = await libraryFindings(facts);
  const plugin = await pluginFindings(facts);
  return [...library, ...subscriptionFindings(facts, copyLost), ...slotFindings(facts), ...plugin];
}

/** For a direction that is down without a cause found: its apply worker, and where its reason stands. */
export function workerNotRunning(facts: QuickFacts): DoctorFinding {
  const { direction, subscription, slot } = facts;
  const { provider, subscriber, subscription: name } = direction;
  return finding(facts, {
    code: 'worker-not-running',
    severity: 'fail',
    side: subscriber.name,
    object: name,
    problem:
      slot?.active === false
        ? `no worker reads its slot ${subscription.slot}: the apply worker on the ${subscriber.toString()} fails or cannot reach the ${provider.word} server`
        : `the apply worker on the ${subscriber.toString()} does not run`,
    remedy:
      `Its reason stands in the log of the ${subscriber.word} server. If that is mended already, belt doctor --fix starts ` +
      'the worker at once; pglogical itself does within three minutes.',
    fixable: true,
  });
}
