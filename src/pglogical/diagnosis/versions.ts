import type { DoctorFinding } from '../../results/doctor.js';
import { pglogicalVersion } from '../extension.js';
import { canMakeSlotOn } from '../versions.js';
import { finding, type Facts, type QuickFacts } from './facts.js';

/** A subscriber whose pglogical cannot make its slot on the provider, and has none yet. One that lost its slot makes none. */
export async function versionFindings(facts: Facts): Promise<DoctorFinding[]> {
  if (facts.subscription.sync_status === 'r') return [];
  return judgeVersions(facts, (await pglogicalVersion(facts.subscriber)) ?? [], facts.provider.major);
}

/** @param version pglogical's on the subscriber @param providerMajor PostgreSQL's on the provider */
export function judgeVersions(
  facts: Pick<QuickFacts, 'direction' | 'slot'>,
  version: readonly number[],
  providerMajor: number,
): DoctorFinding[] {
  const { direction } = facts;
  const { subscriber, provider } = direction;
  if (facts.slot !== null || canMakeSlotOn(version, providerMajor)) return [];
  return [
    finding(facts, {
      code: 'pglogical-too-old',
      severity: 'fail',
      side: subscriber.name,
      object: `pglogical ${version.join('.')}`,
      problem:
        `pglogical ${version.join('.')} on the ${subscriber.word} server cannot make a slot on PostgreSQL ${providerMajor} ` +
        `of the ${provider.word} server`,
      remedy:
        direction.name === 'back'
          ? 'Run belt teardown-back-replication --force and belt setup-back-replication, which makes the slot itself.'
          : `Update pglogical on the ${subscriber.word} server to 2.4.5 or newer.`,
    }),
  ];
}
