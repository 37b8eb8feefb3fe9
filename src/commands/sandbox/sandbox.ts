import { UsageError } from '../../errors.js';
import { sandboxDown } from '../../sandbox/down.js';
import { nextSteps, sandboxUp } from '../../sandbox/up.js';
import type { PlainContext } from '../define.js';

const DEFAULT_FOLDER = 'belt-sandbox';

/** `belt sandbox up|down`: starts or removes the throwaway servers and their project folder. */
export async function run(
  { environment, print, note }: PlainContext,
  args: readonly string[],
  options: { readonly dir?: string | undefined },
): Promise<void> {
  const dir = options.dir ?? DEFAULT_FOLDER;
  switch (args[0]) {
    case 'up':
      print(`${nextSteps(await sandboxUp({ dir, environment, note }), environment.cwd)}\n`);
      return;
    case 'down':
      await sandboxDown({ dir, environment, note });
      print(`The sandbox in ${dir} is gone.\n`);
      return;
    default:
      throw new UsageError(`belt sandbox wants "up" or "down"${args[0] === undefined ? '' : `, not "${args[0]}"`}`, {
        hint: 'Start it with: belt sandbox up',
      });
  }
}
