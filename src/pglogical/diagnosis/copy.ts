import { formatBytes } from '../../bytes.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { whereInterrupted, type OwnCopy, type UnfinishedCopy } from '../copy-state.js';
import { finding, type QuickFacts } from './facts.js';
import { pluginFindings } from './plugin.js';
import { libraryFindings } from './server.js';

/** A copy of belt's that nobody goes on with, and what its slot costs the source meanwhile. */
export function copyInterrupted(facts: QuickFacts, copy: OwnCopy): DoctorFinding {
  const { direction, subscription, slot } = facts;
  const { provider, subscriber } = direction;
  const usable = slot !== null && slot.wal_status !== 'lost';
  const kept = usable
    ? `slot ${subscription.slot} on the ${provider.word} keeps ${formatBytes(slot.retained_bytes ?? 0)} of WAL for it meanwhile`
    : `its slot ${subscription.slot} on the ${provider.word} ${slot === null ? 'is gone' : 'has lost its WAL'}, so that what was copied is of no use`;
  const begun = copy.whole > 0;
  return finding(facts, {
    code: 'copy-interrupted',
    severity: 'fail',
    side: subscriber.name,
    object: direction.subscription,
    problem: `the copy was interrupted ${whereInterrupted(copy)}${begun || slot !== null ? `; ${kept}` : ''}`,
    remedy: begun && usable ? 'Run belt setup again: it goes on.' : 'Run belt setup again: it begins anew.',
  });
}

/** What stands in for the quick findings while belt's own copy is not over. */
export async function copyFindings(facts: QuickFacts, copy: UnfinishedCopy): Promise<DoctorFinding[]> {
  const library = await libraryFindings(facts);
  const plugin = await pluginFindings(facts);
  return [...library, ...(copy.holder === null ? [copyInterrupted(facts, copy)] : []), ...plugin];
}
