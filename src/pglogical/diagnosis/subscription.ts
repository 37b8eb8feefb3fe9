import type { DoctorFinding } from '../../results/doctor.js';
import { literal } from '../../postgres/quote.js';
import { finding, type QuickFacts } from './facts.js';

/** The subscription itself: somebody disabled it, or its initial copy failed. */
export function subscriptionFindings(facts: QuickFacts, copyLost: boolean): DoctorFinding[] {
  const { direction, subscription } = facts;
  const { subscriber, subscription: name } = direction;
  const found: DoctorFinding[] = [];
  if (!subscription.enabled) {
    found.push(
      finding(facts, {
        code: 'subscription-disabled',
        severity: 'fail',
        side: subscriber.name,
        object: name,
        problem: `subscription ${name} is disabled`,
        remedy: `Enable it on the ${subscriber.toString()}: SELECT pglogical.alter_subscription_enable(${literal(name)})`,
        fixable: true,
      }),
    );
  }
  // Sync state `d` stands while rows are copied, too: it tells of a failure only when no worker is at it.
  if (copyLost || (subscription.sync_status === 'd' && subscription.status !== 'initializing')) {
    found.push(
      finding(facts, {
        code: 'copy-failed',
        severity: 'fail',
        side: subscriber.name,
        object: name,
        problem:
          'the initial copy failed and was rolled back, whatever pglogical says of it; the reason stands in the log of ' +
          `the ${subscriber.word} server`,
        remedy: 'Mend the cause, run belt reset, and run belt setup again.',
      }),
    );
  }
  return found;
}
