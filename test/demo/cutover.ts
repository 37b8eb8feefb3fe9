import { setTimeout as pause } from 'node:timers/promises';
import type { Application } from './application.js';
import { DemoError } from './belt.js';
import { compare, missingRows, NOT_REPLICATED, Snapshots, waitForBackReplication } from './checks.js';
import { count, say, seconds } from './narrator.js';
import type { Demo } from './prepare.js';
import { connect, type Place } from './sandbox.js';

/** In milliseconds. */
export interface Downtime {
  /** From the start of revoke-logins to the end of sync. */
  readonly commands: number;
  /** From the last commit on the source to the first on the destination. */
  readonly application: number;
}

const WORK_AFTERWARDS_MS = 3000;
const FIRST_COMMIT_DEADLINE_MS = 10_000;

/** Act two: the application moves to the destination; the proofs that all went with it. */
export async function cutOver(demo: Demo): Promise<Downtime> {
  const { belt, facts, application, verdict } = demo;
  say.act('2. Cut over: the shop closes for a moment, and opens on the destination');
  say.story('The downtime begins. No role may log in to the source any more, and open sessions are ended:');
  const started = performance.now();
  await belt.type('revoke-logins', 'sandbox', 'shop', '--disconnect');
  say.story('What was written to the very end is on the destination before replication ends:');
  await belt.type('teardown-forward-replication', 'sandbox', 'shop');
  say.story('sync brings what replication cannot carry: sequences, tables without a key, what is NOT VALID:');
  await belt.type('sync', 'sandbox', 'shop');
  const commands = performance.now() - started;
  const { attempts, first, last } = application.refused;
  const snapshots = await Snapshots.take(facts);
  try {
    application.writeTo('destination');
    const lastOnSource = application.at('source').at(-1)?.at ?? Number.NaN;
    const firstThere = await firstCommit(application, 'destination', performance.now());
    const downtime = { commands, application: firstThere - lastOnSource };
    say.line();
    say.fact(`the application was cut off by revoke-logins: "${first}"`);
    say.fact(`it tried again ${count(attempts, 'time')}: "${last}"`);
    say.fact(`now it works on the destination: ${seconds(downtime.application)} after its last commit on the source`);

    say.story(
      'Proof, counted in both servers as they were when the application was let go on, by a program that',
      'shares no code with belt:',
    );
    verdict.equality(await compare(snapshots.source, snapshots.destination, facts.schema), 'source');
    const { looked, missing, where } = await missingRows(snapshots.destination, facts.schema, application.at('source'));
    const transactions = count(application.at('source').length, 'transaction');
    verdict.check(
      missing === 0,
      `${transactions} acknowledged on the source, found in ${count(looked, 'place')}: all on the destination`,
      `acknowledged on the source, but missing on the destination: ${where.join(', ')}`,
    );
    await pause(WORK_AFTERWARDS_MS, undefined, { signal: demo.signal });
    await proveBackReplication(demo);
    return downtime;
  } finally {
    await snapshots.release();
  }
}

/** Waits for a commit at the place that came after the moment; both on performance.now()'s clock. */
export async function firstCommit(application: Application, place: Place, after: number): Promise<number> {
  const deadline = performance.now() + FIRST_COMMIT_DEADLINE_MS;
  while (performance.now() < deadline) {
    const found = application.acknowledged.find((one) => one.place === place && one.at >= after);
    if (found !== undefined) return found.at;
    await pause(5);
  }
  throw new DemoError(`the application cannot write to the ${place}: ${application.refused.last || 'no answer'}`);
}

/** What the application writes on the destination arrives on the source; both are equal once it rests. */
async function proveBackReplication({ belt, facts, application, verdict, signal }: Demo): Promise<void> {
  say.story('What the application writes on the destination goes back to the source, in case of a return:');
  await belt.type('status', 'sandbox');
  await application.rest();
  const written = application.at('destination');
  const waited = await waitForBackReplication(facts, written, signal);
  verdict.check(
    waited !== undefined,
    `${count(written.length, 'transaction')} of the destination: all that replication carries has arrived on the source`,
    'rows written on the destination did not arrive on the source',
  );
  const { source, destination } = facts.servers;
  const [src, dst] = await Promise.all([source, destination].map((server) => connect(server, server.superuser)));
  if (src === undefined || dst === undefined) return;
  try {
    // The destination has the rows first now.
    verdict.equality(
      await compare(dst, src, facts.schema, { exceptRowsOf: NOT_REPLICATED, sequences: false }),
      'source',
    );
  } finally {
    await Promise.all([src.end(), dst.end()]);
  }
}
