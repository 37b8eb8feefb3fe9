import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/harness/sequencer.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process for each file: tests start servers and change the environment.
    pool: 'forks',
    // Each worker gets a pair of servers of its own. Most of the time, a test waits for one of pglogical's pauses: four
    // workers keep two cores busy.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The built belt is loaded by Node.js, as it is in the field.
    server: { deps: { external: [/\/dist\//] } },
    globalSetup: ['test/harness/global-setup.ts'],
  },
});
