import { BeltError, InterruptedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { awaitState, type Goal } from '../../pglogical/await-state.js';
import { back, forward, type Direction } from '../../pglogical/direction.js';
import { readDirection, type DirectionState } from '../../pglogical/state.js';
import type { WaitFields } from '../../results/wait.js';
import type { Outcome } from '../define.js';

interface Options {
  readonly for: Goal;
  readonly back: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Waits until a direction is as wanted. */
export async function run(pair: Pair, options: Options): Promise<Outcome<WaitFields>> {
  const started = performance.now();
  const [awaited, other] = options.back ? [back(pair), forward(pair)] : [forward(pair), back(pair)];
  let last: DirectionState | undefined;
  let error: BeltError | undefined;
  const waiting = pair.run([
    {
      name: `wait-${options.for}`,
      title: `wait until ${awaited.name} replication is ${options.for}`,
      readOnly: true,
      run: (progress) =>
        awaitState(pair, awaited, {
          goal: options.for,
          timeout: options.timeout,
          progress,
          looked: (state) => (last = state),
        }),
    },
  ]);
  await waiting.catch((thrown: unknown) => {
    // Without a single look there is nothing to tell but the error.
    if (!(thrown instanceof BeltError) || thrown instanceof InterruptedError || last === undefined) throw thrown;
    error = thrown;
  });
  const waited = Math.round(performance.now() - started);
  const statuses = { [awaited.name]: last?.status ?? null, [other.name]: await statusOf(other) };
  return {
    fields: {
      waited_for: options.for,
      direction: awaited.name,
      forward_replication: statuses['forward'] ?? null,
      back_replication: statuses['back'] ?? null,
      waited_ms: waited,
      lag_bytes: last?.slot?.confirmed_lag_bytes ?? null,
    },
    error,
  };
}

async function statusOf(direction: Direction): Promise<WaitFields['forward_replication']> {
  return readDirection(direction).then(
    ({ status }) => status,
    () => null,
  );
}
