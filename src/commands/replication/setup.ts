import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { Plan } from '../../pair/steps.js';
import { patiently } from '../../pair/patiently.js';
import { accessGranted, grantAccess } from '../../pglogical/access.js';
import { checkCopyTarget } from '../../data/copy-target.js';
import { prepareProofStep } from '../../pglogical/copy-proof.js';
import { readOwnCopy } from '../../pglogical/copy-state.js';
import { noBackReplicationStep } from '../../pglogical/no-back-replication.js';
import { forward } from '../../pglogical/direction.js';
import { nodeSteps, setupReplicationSet } from '../../pglogical/setup-steps.js';
import { createSubscription, subscriptionExists, waitForDirection } from '../../pglogical/subscriptions.js';
import type { AcceptableCode } from '../../precheck/codes.js';
import { requirementsStep } from '../../precheck/requirements-step.js';
import { readTables, replicatedTables, type Table } from '../../postgres/catalog/tables.js';
import type { Schemas } from '../../postgres/schemas.js';
import type { DetailFields } from '../../results/detail.js';
import { attach } from '../../copy/attach.js';
import { cancelSetup } from '../../copy/cancel.js';
import { Controls } from '../../copy/controls.js';
import { copySteps, handedOver } from '../../copy/copy-steps.js';
import { CopyMeter } from '../../copy/meter.js';
import { defaultJobs } from '../../copy/default-jobs.js';
import { supervised } from '../../copy/supervisor.js';
import { databaseStep } from '../../schema/database.js';
import { LateKeys } from '../../schema/late-keys.js';
import { relaxSteps } from '../../schema/relaxed.js';
import { extensionsStep, fromSource, schemaSteps, toolsStep } from '../../schema/load-steps.js';
import type { Outcome } from '../define.js';

interface Options {
  /** Whether belt loads the schema. */
  readonly schema: boolean;
  /** Codes of findings in spite of which it goes on. */
  readonly accept: readonly AcceptableCode[];
  /** Whether it makes roles that the schema names and the destination lacks. */
  readonly createRoles: boolean;
  /** Whether it makes extensions that the destination lacks. */
  readonly extensions: boolean;
  /** Who copies the rows. */
  readonly copy: 'belt' | 'pglogical';
  /** undefined for as many as fit the destination. */
  readonly jobs: number | undefined;
  /** Bytes per second; Infinity and undefined for no limit. */
  readonly maxRate: number | undefined;
  readonly chunkSize: number | undefined;
  /** Milliseconds. */
  readonly lockWait: number;
  readonly maxSlotWal: number | undefined;
  /** Look on, in place of setting up. */
  readonly attach: boolean;
  /** End the setup at work, in place of setting up. */
  readonly cancel: boolean;
}

/** Sets up; or looks on while another belt does, or ends that. */
export async function run(pair: Pair, options: Options): Promise<Outcome<DetailFields>> {
  if (options.cancel) return { fields: { detail: { ...(await cancelSetup(pair)) } } };
  if (options.attach) return { fields: { detail: { ...(await attach(pair, options)) } } };
  return setUp(pair, options);
}

/** Makes both sides pglogical nodes, loads the schema, and subscribes the destination to the source. */
async function setUp(pair: Pair, options: Options): Promise<Outcome<DetailFields>> {
  const direction = forward(pair);
  const tables = await pair.step({ name: 'read-source', title: 'read the tables of the source' }, (progress) =>
    readSource(pair, progress),
  );
  const schemas = await pair.schemas();
  const replicated = replicatedTables(tables);
  if (options.copy === 'pglogical') {
    refuseGenerated(pair, replicated);
    await refuseOwnCopy(pair);
  }
  const access = (name: 'src' | 'dst') => ({
    name: `grant-access-${name}`,
    title: `let role pglogical read and write the tables on the ${pair[name].word}`,
    done: () => accessGranted(pair[name], schemas),
    run: () => grantAccess(pair[name], schemas),
  });

  const subscribed = (): Promise<string | null> => subscriptionExists(direction);
  const requirements = requirementsStep(pair, { ...options, done: subscribed });
  await pair.run([requirements.step]);
  if (options.schema) await pair.run([toolsStep(pair), extensionsStep(pair, options.extensions)]);
  let status = 'replicating';
  const controls = new Controls(
    options.jobs ?? (await defaultJobs(await pair.dst.root())),
    options.maxRate ?? Infinity,
  );
  const meter = new CopyMeter(controls);
  const begin = async (): Promise<void> => {
    await pair.run([{ parallel: [nodeSteps(pair, 'src'), nodeSteps(pair, 'dst')] }]);
    const keysLater = options.copy === 'belt' ? replicated : [];
    if (options.schema)
      await pair.run([...schemaSteps(pair, options, fromSource(pair, keysLater)), databaseStep(pair)]);
    await pair.run([access('src'), access('dst')]);
    await pair.run(relaxSteps(pair, subscribed));
    const byBelt = options.copy === 'belt';
    // The proof belongs to pglogical's copy; belt's has its journal.
    if (!byBelt) await pair.run([prepareProofStep(pair.src, subscribed)]);
    await setupReplicationSet(pair, 'src', !byBelt);
    if (byBelt) await pair.run(copySteps(pair, replicated, { ...options, controls, meter }));
    else {
      await pair.run(
        pglogicalCopySteps(pair, schemas, replicated, controls, subscribed, (found) => {
          status = found;
        }),
      );
    }
  };
  if (options.copy === 'pglogical' || pair.options.dryRun || (await handedOver(pair)) !== null) await begin();
  else
    await supervised(
      pair,
      {
        controls,
        meter,
        maxSlotWal: options.maxSlotWal,
        log: pair.environment.variables['BELT_BACKGROUND_LOG'] ?? null,
      },
      begin,
    );
  return {
    fields: {
      detail: {
        forward_replication: status,
        accepted: requirements.accepted(),
        tables_replicated: replicated.length,
        tables_copied_by_sync: tables
          .filter(({ replicationMethod }) => replicationMethod === 'dump_and_load')
          .map(({ label }) => label),
      },
    },
  };
}

/** The steps by which pglogical copies the rows: with one worker, in one transaction. */
function pglogicalCopySteps(
  pair: Pair,
  schemas: Schemas,
  replicated: readonly Table[],
  controls: Controls,
  subscribed: () => Promise<string | null>,
  started: (status: string) => void,
): Plan {
  const direction = forward(pair);
  const { signal } = pair.environment;
  const keys = new LateKeys(pair, replicated, controls).step();
  return [
    noBackReplicationStep(pair, subscribed),
    // Those that a copy of belt's, given up since, was to build when the rows are there.
    { ...keys, done: async () => (await subscribed()) ?? (await keys.done?.()) ?? null },
    {
      name: 'check-destination',
      title: 'check that the destination can take the rows',
      done: subscribed,
      run: () => checkCopyTarget(pair.dst, schemas, replicated),
    },
    // After the check: on a destination that the application has taken over, the proof would be a sign of an unfinished copy.
    prepareProofStep(pair.dst, subscribed),
    {
      name: 'create-subscription',
      title: `create subscription ${direction.subscription} on the destination`,
      done: subscribed,
      run: () => createSubscription(direction, true),
    },
    {
      name: 'wait-started',
      title: 'wait until the initial copy runs',
      run: async () => {
        const { status } = await waitForDirection(direction, ['initializing', 'replicating'], { signal });
        started(status);
        return status === 'replicating' ? 'replicating' : 'the initial copy runs';
      },
    },
  ];
}

/** @throws RefusedError when a copy of belt's is not over: one of the two must copy all */
async function refuseOwnCopy(pair: Pair): Promise<void> {
  const copy = await readOwnCopy(await pair.dst.root());
  if (copy === null || copy.phase === 'done') return;
  throw new RefusedError(`belt itself has begun to copy into the ${pair.dst.toString()}`, {
    hint: 'Leave --copy away: it goes on. Or run belt reset first, to copy everything anew.',
    detail: { side: 'dst', tables: copy.tables, tables_whole: copy.whole },
  });
}

/** @throws RefusedError when the source has no such schema, or lacks a table that the config names */
async function readSource(pair: Pair, progress: (text: string) => void): Promise<Table[]> {
  await requireSchemas(pair, 'src');
  const schemas = await pair.schemas();
  const { signal } = pair.environment;
  // Measuring a table waits for its locks.
  return patiently(pair.src, { what: 'reading the tables', signal, progress }, (session) =>
    readTables(session, schemas, pair.config.tables),
  );
}

/**
 * pglogical replicates generated columns, but its own copy fails on them, and with it the copy of every other table.
 * @throws RefusedError naming the tables
 */
function refuseGenerated(pair: Pair, tables: readonly Table[]): void {
  const generated = tables.filter(({ columns }) => columns.some((column) => column.generated));
  if (generated.length === 0) return;
  const names = generated.map(({ schema, name }) => `"${schema}"."${name}"`).join(', ');
  throw new RefusedError(
    `pglogical's own copy fails on generated columns, which the ${pair.src.toString()} has in ${names}`,
    {
      hint: 'Leave --copy away: belt copies them.',
      detail: { side: 'src', tables: generated.map(({ label }) => label) },
    },
  );
}
