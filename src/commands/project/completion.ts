import { UsageError } from '../../errors.js';
import type { PlainContext } from '../define.js';
import { bashReplies } from './completion-bash.js';
import { candidates } from './completion-candidates.js';
import { SCRIPTS } from './completion-scripts.js';

/**
 * `belt completion SHELL` prints the script that makes the shell complete. `belt completion SHELL -- ...` is what the
 * script asks at every Tab: for bash the characters that break words, and the line up to the cursor, since bash's own
 * words are torn at colons and keep their quotes; for the others the words after `belt`, of which the last is completed.
 */
export async function run(
  { environment, registry, print }: PlainContext,
  [shell = '', ...asked]: readonly string[],
): Promise<void> {
  const script = new Map(Object.entries(SCRIPTS)).get(shell);
  if (script === undefined) {
    throw new UsageError(`belt completion wants ${Object.keys(SCRIPTS).join(', ')}, not "${shell}"`, {
      hint: 'belt help completion shows where the script goes.',
    });
  }
  if (asked.length === 0) {
    print(script);
    return;
  }
  const [breaks = '', line = ''] = asked;
  const complete = (words: readonly string[]) => candidates(words, registry, environment.cwd);
  const replies =
    shell === 'bash'
      ? await bashReplies(line, breaks, complete)
      : (await complete(asked)).map(({ value, description }) => `${value}\t${description}`);
  print(replies.map((reply) => `${reply}\n`).join(''));
}
