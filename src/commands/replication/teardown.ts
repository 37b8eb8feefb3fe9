import type { SideName } from '../../errors.js';
import { answeringSides } from '../../pair/lock.js';
import type { Pair } from '../../pair/pair.js';
import type { Plan } from '../../pair/steps.js';
import { back, forward, type Direction } from '../../pglogical/direction.js';
import { foreignStep, removalSteps } from '../../pglogical/removal-steps.js';
import { drainStep, dropSteps, ofDirection, type TeardownOptions } from '../../pglogical/teardown-steps.js';
import type { DetailFields } from '../../results/detail.js';
import { restoreSourceTriggersStep } from '../../schema/source-triggers.js';
import type { Outcome } from '../define.js';

interface Options extends TeardownOptions {
  /** The extensions as well. */
  readonly full: boolean;
}

/** Takes away from both databases all that setup put there for replication. The tables and their rows stay. */
export async function run(pair: Pair, options: Options): Promise<Outcome<DetailFields>> {
  // With --force a server that is no more does not keep the other one from being set free.
  const answers = options.force ? await answeringSides(pair) : { src: true, dst: true };
  const names = (['src', 'dst'] as const).filter((name) => answers[name]);
  const removal = (name: SideName) => ({
    ...options,
    schemas: () => pair.schemasOn(name),
    signal: pair.environment.signal,
  });
  const otherDatabase = (name: SideName): string => pair[name === 'src' ? 'dst' : 'src'].config.db;
  // A direction is ended on its subscriber; what it left on a provider whose subscriber is gone is removed with the rest.
  const directions = [back(pair), forward(pair)].filter(({ subscriber }) => answers[subscriber.name]);
  const each = (steps: (direction: Direction) => Parameters<typeof ofDirection>[1]): Plan =>
    directions.flatMap((direction) => ofDirection(direction, steps(direction)));

  await pair.run([
    ...names.map((name) => foreignStep(pair[name], options, otherDatabase(name))),
    ...each((direction) => [drainStep(pair, direction, options)]),
    ...each((direction) => dropSteps(pair, direction, options)),
    ...(answers.src ? [restoreSourceTriggersStep(pair)] : []),
    { parallel: names.map((name) => removalSteps(pair[name], removal(name))) },
  ]);
  return {
    fields: {
      detail: {
        full: options.full,
        not_reached: (['src', 'dst'] as const).filter((name) => !answers[name]),
      },
    },
  };
}
