import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application } from './application.js';
import { Belt, DemoError } from './belt.js';
import { Verdict } from './checks.js';
import { cutOver, type Downtime } from './cutover.js';
import { seconds, say } from './narrator.js';
import { prepare } from './prepare.js';
import { rollBack } from './rollback.js';
import { readSandbox } from './sandbox.js';

/** `npm run demo`: moves a live database from one real server to another with belt, and back, and proves that all is there. */

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!abort.signal.aborted) say.story('Stopping; everything that the demo started is taken away.');
    abort.abort();
  });
}
// Whoever reads the output may have gone: then the demo ends, and tidies up.
process.stdout.on('error', () => {
  abort.abort();
});

process.exitCode = await main();

async function main(): Promise<number> {
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'belt-demo-'));
  const belt = new Belt(folder, abort.signal);
  const verdict = new Verdict();
  let application: Application | undefined;
  let failure: string | undefined;
  try {
    introduce();
    await belt.type('sandbox', 'up');
    belt.folder = join(folder, 'belt-sandbox');
    const facts = await readSandbox(belt.folder);
    application = new Application(facts);
    const demo = { belt, facts, application, verdict, signal: abort.signal };
    await prepare(demo);
    const downtime = await cutOver(demo);
    const backDowntime = await rollBack(demo);
    conclude(verdict, downtime, backDowntime);
  } catch (error) {
    failure = abort.signal.aborted ? undefined : describe(error);
  }
  await application?.stop();
  const clean = await tidyUp(belt, folder);
  if (abort.signal.aborted) return 130;
  if (failure !== undefined) say.bad(`the demo failed: ${failure}`);
  const well = failure === undefined && verdict.failures === 0 && clean;
  const took = `(${seconds(performance.now() - started)} in all)`;
  say.line(well ? `Every proof holds, and nothing is left running ${took}.` : `The demo did not succeed ${took}.`);
  return well ? 0 : 1;
}

function introduce(): void {
  say.act('belt moves a live database');
  say.story(
    'You run a shop. Its database lives on one PostgreSQL server and must move to another, while',
    'customers go on buying. This demo does it for real: two PostgreSQL servers on this machine, a',
    'sample shop that is made to be awkward, and an application that writes to it all the time.',
    '',
    'Everything after a $ is a command as you would type it, followed by what it printed.',
    '',
    'First, two throwaway servers and a project folder for the migration:',
  );
}

function conclude(verdict: Verdict, downtime: Downtime, backDowntime: number): void {
  say.act('In short');
  say.line();
  say.line(`  Downtime of the move, from the start of revoke-logins to the end of sync: ${seconds(downtime.commands)}`);
  say.line(
    `  Downtime of the move, as the application felt it:                         ${seconds(downtime.application)}`,
  );
  say.line(`  Downtime of the way back, as the application felt it:                     ${seconds(backDowntime)}`);
  say.line();
  if (verdict.failures === 0) say.good('no row was lost, on the way there and on the way back');
  else say.bad(`${String(verdict.failures)} of the proofs did not hold; they are marked with ✘ above`);
}

/** @returns whether all is gone */
async function tidyUp(belt: Belt, folder: string): Promise<boolean> {
  try {
    belt.folder = folder;
    // A `sandbox up` that failed, or was interrupted, has removed everything itself.
    if (!existsSync(join(folder, 'belt-sandbox', '.sandbox.json'))) return true;
    say.command('belt sandbox down');
    await belt.always('sandbox', 'down');
    return true;
  } catch (error) {
    say.bad(`could not remove the sandbox in ${folder}: ${describe(error)}`);
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
    say.line();
  }
}

function describe(error: unknown): string {
  if (error instanceof DemoError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
