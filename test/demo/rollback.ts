import { setTimeout as pause } from 'node:timers/promises';
import { bringBackByHand } from './by-hand.js';
import { compare, missingRows, Snapshots } from './checks.js';
import { firstCommit } from './cutover.js';
import { count, say, seconds } from './narrator.js';
import type { Demo } from './prepare.js';
import { connect } from './sandbox.js';

const WORK_AFTERWARDS_MS = 2000;

/**
 * Act three: back to the source, with all that was written on the destination.
 * @returns the downtime as the application felt it, in milliseconds
 */
export async function rollBack({ belt, facts, application, verdict, signal }: Demo): Promise<number> {
  say.act('3. Roll back: the shop returns to the source');
  say.story(
    'Suppose the move was a mistake. The application rests again, and has rested since the proof above:',
    'neither server is written to. Back replication has brought everything to the source, and ends:',
  );
  const began = performance.now();
  await belt.type('teardown-back-replication', 'sandbox', 'shop');
  say.story(
    'Tables without a key, or with a generated column, are not replicated. On the way there sync copied them;',
    'on the way back what was added to them is brought by hand:',
  );
  await bringBackByHand(facts);
  say.story(
    "The roles that lost their login get it back, after the source's sequences were brought up to what the",
    'destination has given out:',
  );
  await belt.type('restore-logins', 'sandbox', 'shop');
  const snapshots = await Snapshots.take(facts);
  let downtime: number;
  try {
    application.writeTo('source');
    // The application rested for the proof before, too; that was the demo's doing, not the rollback's.
    downtime = (await firstCommit(application, 'source', performance.now())) - began;
    say.line();
    say.fact(`the application works on the source again, ${seconds(downtime)} after the rollback began`);
    say.story('Proof: the source now has all that the destination has:');
    verdict.equality(await compare(snapshots.destination, snapshots.source, facts.schema), 'destination');
    await pause(WORK_AFTERWARDS_MS, undefined, { signal });
  } finally {
    await snapshots.release();
  }
  await application.rest();
  const failed = application.refused;
  verdict.check(
    failed.attempts === 0,
    'the application met no error since (no key was given out twice)',
    `the application met ${count(failed.attempts, 'error')} since: ${failed.first}`,
  );
  const { source } = facts.servers;
  const client = await connect(source, source.superuser);
  try {
    const all = application.acknowledged;
    const { looked, missing, where } = await missingRows(client, facts.schema, all);
    verdict.check(
      missing === 0,
      `${count(all.length, 'transaction')} acknowledged here and there, found in ${count(looked, 'place')}: all on the source`,
      `acknowledged, but missing on the source: ${where.join(', ')}`,
    );
  } finally {
    await client.end();
  }
  return downtime;
}
