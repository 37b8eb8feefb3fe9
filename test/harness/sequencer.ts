import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Seconds that the long files take on two processors, roughly: only their order counts. What is not listed takes less than
 * any of these; a figure that is out of date costs a moment at the end of a run, no more.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'test/proofs/large.test.ts': 180,
  'test/proofs/copy.test.ts': 140,
  'test/proofs/corpus.test.ts': 140,
  'test/proofs/silent-network.test.ts': 130,
  'test/proofs/docs.test.ts': 105,
  'test/proofs/failing-steps.test.ts': 75,
  'test/integration/commands-reset.test.ts': 60,
  'test/proofs/lost-answers.test.ts': 60,
  'test/proofs/killed-teardown.test.ts': 60,
  'test/proofs/examples.test.ts': 58,
  'test/proofs/several-schemas.test.ts': 50,
  'test/proofs/changed-value.test.ts': 50,
  'test/proofs/stalled-catch-up.test.ts': 35,
  'test/integration/commands-teardown.test.ts': 57,
  'test/integration/doctor-stuck.test.ts': 50,
  'test/integration/doctor-back.test.ts': 49,
  'test/integration/commands-wait.test.ts': 47,
  'test/corpus/corpus.test.ts': 45,
  'test/integration/own-copy.test.ts': 45,
  'test/integration/setup-at-work.test.ts': 40,
  'test/integration/commands-doctor.test.ts': 37,
  'test/e2e/copy.test.ts': 35,
  'test/e2e/copy-resume.test.ts': 35,
  'test/integration/doctor-servers.test.ts': 34,
  'test/integration/commands-validate-data.test.ts': 28,
  'test/integration/commands-setup.test.ts': 28,
  'test/integration/bad-input.test.ts': 27,
  'test/e2e/migration.test.ts': 25,
  'test/integration/sandbox.test.ts': 24,
  'test/integration/schema.test.ts': 24,
  'test/integration/compare-all.test.ts': 15,
  'test/integration/commands-status-watch.test.ts': 15,
  'test/integration/commands-cleanup-previous-config.test.ts': 13,
  'test/integration/commands-diff-schemas.test.ts': 13,
  'test/integration/commands-setup-back-replication.test.ts': 13,
  'test/integration/commands-check-connectivity.test.ts': 12,
  'test/e2e/killed.test.ts': 11,
  'test/integration/commands-schema-files.test.ts': 11,
  'test/integration/fleet.test.ts': 11,
  'test/cli/terminal.test.ts': 11,
  'test/integration/precheck-findings.test.ts': 11,
  'test/e2e/hostile-names.test.ts': 10,
  'test/cli/resolvers.test.ts': 10,
  'test/integration/commands-create-indexes.test.ts': 9,
  'test/integration/commands-status.test.ts': 8,
  'test/integration/commands-sync.test.ts': 7,
  'test/integration/carried-database.test.ts': 7,
  'test/integration/commands-teardown-forward-replication.test.ts': 7,
  'test/integration/carried-privileges.test.ts': 6,
};

/**
 * Starts the long files first, so that no worker is busy with one alone at the end. Without the figures, vitest goes by the
 * sizes of the files, or by its cache, which a fresh clone does not have and which failed runs distort.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = ({ moduleId }: TestSpecification): number => SECONDS[relative(this.ctx.config.root, moduleId)] ?? 0;
    // Sorting is stable: the others stay in vitest's order.
    return (await super.sort(files)).sort((a, b) => seconds(b) - seconds(a));
  }
}
