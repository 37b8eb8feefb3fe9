import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/harness/sequencer.js';

/** `--mode proofs` (npm run test:proofs) runs the heavy ones: what takes many rows, many kills or many databases. */
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'proofs' ? ['test/proofs/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: mode === 'proofs' ? [] : ['test/proofs/**'],
    // Processes, since tests are killed and watched as such. Files that follow each other in one share its modules: to load
    // them anew for each file takes a tenth of the whole time.
    pool: 'forks',
    isolate: false,
    setupFiles: ['test/harness/each-file.ts'],
    // Each worker gets a pair of servers of its own. Most of the time, a test waits for one of pglogical's pauses: six
    // workers keep two cores busy.
    maxWorkers: 6,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The built belt is loaded by Node.js, as it is in the field.
    server: { deps: { external: [/\/dist\//] } },
    globalSetup: ['test/harness/global-setup.ts'],
  },
}));
