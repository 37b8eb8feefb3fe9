import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Seconds that the long files take on two processors, roughly: only their order counts. What is not listed takes less than
 * any of these; a figure that is out of date costs a moment at the end of a run, no more.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'test/e2e/copy.test.ts': 30,
  'test/corpus/corpus.test.ts': 40,
  'test/e2e/examples.test.ts': 54,
  'test/e2e/docs.test.ts': 54,
  'test/integration/sandbox.test.ts': 51,
  'test/e2e/failing-steps.test.ts': 42,
  'test/integration/commands-teardown.test.ts': 40,
  'test/e2e/migration.test.ts': 36,
  'test/integration/schema.test.ts': 33,
  'test/integration/commands-reset.test.ts': 32,
  'test/e2e/two-databases.test.ts': 31,
  'test/integration/commands-create-indexes.test.ts': 30,
  'test/integration/doctor-back.test.ts': 30,
  'test/e2e/hostile-names.test.ts': 29,
  'test/e2e/last-write.test.ts': 28,
  'test/integration/commands-doctor.test.ts': 26,
  'test/e2e/killed.test.ts': 26,
  'test/integration/commands-schema-files.test.ts': 25,
  'test/integration/doctor-servers.test.ts': 23,
  'test/integration/compare-all.test.ts': 22,
  'test/cli/resolvers.test.ts': 21,
  'test/integration/commands-wait.test.ts': 20,
  'test/integration/commands-validate-data.test.ts': 19,
  'test/integration/fleet.test.ts': 17,
  'test/integration/commands-setup.test.ts': 16,
  'test/integration/commands-dsn.test.ts': 16,
  'test/cli/terminal.test.ts': 16,
  'test/integration/doctor-stuck.test.ts': 15,
  'test/e2e/changed-value.test.ts': 13,
  'test/integration/data.test.ts': 12,
  'test/integration/commands-remove.test.ts': 12,
  'test/integration/commands-cleanup-previous-config.test.ts': 12,
  'test/integration/bad-input.test.ts': 12,
  'test/integration/commands-check-connectivity.test.ts': 11,
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
