import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));

/** A shell command line that runs belt with these arguments. */
export function beltCommand(args: readonly string[]): string {
  return [process.execPath, PROGRAM, ...args].map(quoted).join(' ');
}

/**
 * Runs a shell command on a terminal of its own, 40 lines of 140 columns, by `script` of util-linux.
 * @returns what the terminal was sent, and the command's exit code
 */
export async function onTerminal(
  dir: string,
  command: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<{ exitCode: number | null; screen: string }> {
  const child = spawn('script', ['-qec', `stty rows 40 cols 140; ${command}`, '/dev/null'], {
    cwd: dir,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
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
