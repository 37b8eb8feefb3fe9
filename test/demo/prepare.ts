import { setTimeout as pause } from 'node:timers/promises';
import type { Application } from './application.js';
import { DemoError, type Belt } from './belt.js';
import type { Verdict } from './checks.js';
import { count, say } from './narrator.js';
import type { SandboxFacts } from './sandbox.js';

/** What every act of the demo works with. */
export interface Demo {
  readonly belt: Belt;
  readonly facts: SandboxFacts;
  readonly application: Application;
  readonly verdict: Verdict;
  readonly signal: AbortSignal;
}

const COPY_DEADLINE_MS = 90_000;

interface Status {
  readonly results: readonly { readonly forward_replication?: string; readonly back_replication?: string }[];
}

/** Act one: everything that is done while the application works as usual. */
export async function prepare({ belt, application, signal }: Demo): Promise<void> {
  say.act('1. Prepare: replication starts while the shop is open');
  application.writeTo('source');
  say.story(
    "The shop's application is running now. It logs in to the source as role shop_app, places orders,",
    'counts page views, puts up price tags, and remembers each transaction it was told is committed.',
    '',
    'Can the two servers be used at all? precheck reads both and changes nothing:',
  );
  await belt.type('precheck', 'sandbox');
  say.story(
    'setup carries the schema over, and lets pglogical copy the rows and then follow every change.',
    'From here on the destination is a copy that keeps up with the source:',
  );
  await belt.type('setup', 'sandbox', 'shop');
  await belt.type('status', 'sandbox');
  await waitUntilReplicating(belt, 'forward_replication', signal);
  say.story(
    'The rows are copied. setup-back-replication carries what is written on the destination back to',
    'the source, so that there is a way back after the move:',
  );
  await belt.type('setup-back-replication', 'sandbox', 'shop');
  await waitUntilReplicating(belt, 'back_replication', signal);
  await belt.type('status', 'sandbox');
  say.story(
    'Most indexes were left out, since rows are copied faster without them. They are built now, so that the',
    'downtime need not wait for them; and the destination shall be quick from its first query on:',
  );
  await belt.type('create-indexes', 'sandbox', 'shop');
  await belt.type('analyze', 'sandbox', 'shop');
  say.fact(
    `meanwhile the application committed ${count(application.acknowledged.length, 'transaction')} on the source`,
  );
}

async function waitUntilReplicating(
  belt: Belt,
  direction: 'forward_replication' | 'back_replication',
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  while (!signal.aborted) {
    const { results } = await belt.ask<Status>('status', 'sandbox', 'shop');
    const state = results[0]?.[direction];
    if (state === 'replicating') return;
    if (performance.now() - started > COPY_DEADLINE_MS) {
      throw new DemoError(`${direction} is still ${state ?? 'unknown'} after ${String(COPY_DEADLINE_MS / 1000)} s`);
    }
    await pause(300);
  }
  throw new DemoError('interrupted');
}
