import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));

/** A shell command line that runs belt with these arguments. */
export function beltCommand(args: readonly string[]): string {
  return [process.execPath, PROGRAM, ...args].map(quoted).join(' ');
}

/** What the person types once the screen shows something new that matches, sequences that move the cursor left out. */
export type Answer = readonly [when: RegExp, typed: string];

/**
 * Runs a shell command on a terminal of its own, 40 lines of 140 columns, by `script` of util-linux.
 * @param answers what is typed, one after the other; nothing when left out
 * @returns what the terminal was sent, and the command's exit code
 */
export async function onTerminal(
  dir: string,
  command: string,
  env: Readonly<Record<string, string | undefined>> = {},
  answers: readonly Answer[] = [],
): Promise<{ exitCode: number | null; screen: string }> {
  const child = spawn('script', ['-qec', `stty rows 40 cols 140; ${command}`, '/dev/null'], {
    cwd: dir,
    // Bash, as dash would take part in a Ctrl-C and end with 130, whatever the command ends with.
    env: {
      ...process.env,
      SHELL: '/bin/bash',
      TERM: 'xterm-256color',
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
      ...env,
    },
    stdio: [answers.length > 0 ? 'pipe' : 'ignore', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen = 0;
  let answered = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [when, typed] = answers[answered] ?? [];
    // eslint-disable-next-line no-control-regex -- escape sequences are what this is about
    if (when?.test(screen.slice(seen).replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '')) !== true) return;
    seen = screen.length;
    answered += 1;
    child.stdin?.write(typed);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, screen };
}

/** A word as a shell reads it literally. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
