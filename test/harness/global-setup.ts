import type { TestProject } from 'vitest/node';
import { Keeper } from './keeper.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL at which workers reach the keeper of the servers. */
    keeper: string;
  }
}

/** Runs once, in vitest's main process, before all test files; gives what runs after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const keeper = new Keeper();
  project.provide('keeper', await keeper.listen());
  return () => keeper.close();
}
