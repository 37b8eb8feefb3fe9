import { BeltError, InterruptedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Side } from '../../pair/side.js';
import type { Step } from '../../pair/steps.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { back, forward, type Direction } from '../direction.js';
import { makeRole, roleReady } from '../role.js';
import { readDirection } from '../state.js';
import { restartWorker, waitForDirection } from '../subscriptions.js';
import { subscriptionDsn } from './connection.js';

/** The findings that a provider's role, made as setup makes it, is rid of. */
const BY_ROLE: readonly string[] = [
  'role-missing',
  'role-no-login',
  'role-password',
  'role-privileges',
  'output-plugin-refused',
];
const BY_INTERFACE: readonly string[] = ['dsn-outdated'];

const WAIT_MS = 60_000;

/** A worker that ended a moment ago is started again after some seconds only, whatever it is told. */
const DOWN_GRACE_MS = 20_000;

/** Its subscription is woken by setup alone. */
const COPY_FIRST = 'the copy is not over: belt setup goes on with it';

/** The steps that mend what is safe to mend, a direction's cause first and its worker last. Empty when nothing is. */
export function repairSteps(pair: Pair, findings: readonly DoctorFinding[]): Step[] {
  return [forward(pair), back(pair)].flatMap((direction) => {
    const own = findings.filter((one) => one.fixable && one.direction === direction.name);
    if (own.length === 0) return [];
    const onRole = own.filter(({ code }) => BY_ROLE.includes(code)).map(({ side }) => side);
    return [
      ...[direction.provider, direction.subscriber]
        .filter(({ name }) => onRole.includes(name))
        .map((side) => roleStep(direction, side)),
      ...(own.some(({ code }) => BY_INTERFACE.includes(code)) ? [interfaceStep(direction)] : []),
      startStep(direction),
      waitStep(pair, direction),
    ];
  });
}

function roleStep(direction: Direction, side: Side): Step {
  return {
    name: `mend-role-${side.name}`,
    title: `give role ${side.config.pglogical_user.name} on the ${side.word} what ${direction.name} replication needs of it`,
    done: () => roleReady(side),
    run: () => makeRole(side),
  };
}

/** Gives the subscription the provider's settings of the config, as a further interface of the provider's node. */
function interfaceStep({ name, provider, subscriber, subscription }: Direction): Step {
  const wanted = provider.peerConninfo();
  return {
    name: `mend-connection-${name}`,
    title: `let subscription ${subscription} on the ${subscriber.word} connect by the config's settings`,
    done: async () =>
      (await subscriptionDsn(await subscriber.root(), subscription)) === wanted ? 'it does already' : null,
    run: async () => {
      const session = await subscriber.root();
      const { node, free } = await session.one<{ node: string; free: string }>(
        `SELECT n.node_name AS node, 'belt_' || (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS free
           FROM pglogical.subscription s JOIN pglogical.node n ON n.node_id = s.sub_origin WHERE s.sub_name = $1`,
        [subscription],
      );
      await session.transaction(async () => {
        await session.query('SELECT pglogical.alter_node_add_interface($1, $2, $3)', [node, free, wanted]);
        await session.query('SELECT pglogical.alter_subscription_interface($1, $2)', [subscription, free]);
      });
      return undefined;
    },
  };
}

/** Starting a worker that only waits out its back-off needs nothing else. */
function startStep(direction: Direction): Step {
  return {
    name: `start-worker-${direction.name}`,
    title: `enable subscription ${direction.subscription} on the ${direction.subscriber.word} and start its worker`,
    done: async () => {
      const { status, copy } = await readDirection(direction);
      if (copy !== null) return COPY_FIRST;
      return status === 'down' ? null : `${direction.name} replication is ${status}`;
    },
    run: async () => {
      await restartWorker(direction);
      return undefined;
    },
  };
}

/** Never fails for a direction that stays down: what keeps it down is what the next look is for. */
function waitStep(pair: Pair, direction: Direction): Step {
  return {
    name: `wait-${direction.name}`,
    title: `wait until ${direction.name} replication runs`,
    done: async () => ((await readDirection(direction)).copy === null ? null : COPY_FIRST),
    run: async () => {
      const options = { deadline: WAIT_MS, downGrace: DOWN_GRACE_MS, signal: pair.environment.signal };
      try {
        return (await waitForDirection(direction, ['replicating', 'initializing'], options)).status;
      } catch (error) {
        if (!(error instanceof BeltError) || error instanceof InterruptedError) throw error;
        return 'it is still down';
      }
    },
  };
}
