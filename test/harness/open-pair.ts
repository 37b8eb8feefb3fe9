import { setMaxListeners } from 'node:events';
import type { DatabaseConfig, SideConfig } from '../../src/config/schema.js';
import { Pair } from '../../src/pair/pair.js';
import { atTestEnd } from './endings.js';
import type { TestPair } from './pair.js';

const silent = {
  stepStarted: () => undefined,
  stepProgress: () => undefined,
  stepEnded: () => undefined,
  warned: () => undefined,
  noted: () => undefined,
  begun: () => undefined,
};

/** A test's databases as belt's own code sees them, without a command around it. Closed at the end of the test. */
export function openPair(
  test: TestPair,
  signal: AbortSignal = new AbortController().signal,
  variables: NodeJS.ProcessEnv = {},
): Pair {
  // Every connection listens.
  setMaxListeners(0, signal);
  const side = (config: TestPair['config']['src']): SideConfig | null =>
    config === null ? null : { ...config, port: Number(config.port), sslmode: 'prefer' };
  const config: DatabaseConfig = {
    ...test.config,
    exclude_users: [],
    exclude_patterns: [],
    src: side(test.config.src),
    dst: side(test.config.dst),
  };
  const pair = new Pair({
    config,
    configPath: test.configPath,
    environment: { cwd: test.dir, variables, pid: process.pid, signal },
    events: silent,
    command: 'test',
    dryRun: false,
  });
  atTestEnd(() => pair.close());
  return pair;
}
