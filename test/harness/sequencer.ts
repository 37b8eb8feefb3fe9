import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Seconds that the long files take, as measured where nothing else ran. What is not listed takes less than any of these;
 * a figure that is out of date costs a moment at the end of a run, no more.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'test/integration/doctor-back.test.ts': 96,
  'test/e2e/docs.test.ts': 76,
  'test/cli/project-errors.test.ts': 72,
  'test/integration/commands-doctor.test.ts': 71,
  'test/integration/commands-reset.test.ts': 63,
  'test/integration/commands-wait.test.ts': 61,
  'test/integration/commands-teardown.test.ts': 57,
  'test/integration/doctor-servers.test.ts': 57,
  'test/integration/commands-validate-data.test.ts': 51,
  'test/e2e/changed-value.test.ts': 49,
  'test/integration/closed-port.test.ts': 40,
  'test/integration/commands-schema-files.test.ts': 39,
  'test/integration/commands-setup.test.ts': 34,
  'test/integration/bad-input.test.ts': 34,
  'test/e2e/migration.test.ts': 31,
  'test/integration/doctor-stuck.test.ts': 31,
  'test/e2e/failing-steps.test.ts': 31,
  'test/integration/commands-create-indexes.test.ts': 30,
  'test/e2e/killed.test.ts': 30,
  'test/integration/compare-all.test.ts': 29,
  'test/integration/commands-check-connectivity.test.ts': 28,
  'test/integration/commands-status-watch.test.ts': 24,
  'test/integration/schema.test.ts': 24,
  'test/integration/commands-cleanup-previous-config.test.ts': 23,
  'test/cli/resolvers.test.ts': 20,
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
