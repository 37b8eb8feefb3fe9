/** What the demo says to the person who watches: everything it prints, but for belt's own output, goes through here. */

const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
const paint =
  (code: string) =>
  (text: string): string =>
    colour ? `\u001B[${code}m${text}\u001B[0m` : text;

const bold = paint('1');
const green = paint('32');
const red = paint('31');
const cyan = paint('36');
const dim = paint('2');

function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export const say = {
  /** The name of an act, with a rule below it. */
  act(title: string): void {
    line();
    line(bold(title));
    line(bold('='.repeat(title.length)));
  },
  /** What comes next and why, before a command. */
  story(...text: readonly string[]): void {
    line();
    for (const one of text) line(one);
  },
  /** A command as a person types it. */
  command(typed: string): void {
    line();
    line(cyan(`$ ${typed}`));
  },
  /** Something that the demo saw, or did beside the commands. */
  fact(text: string): void {
    line(dim(`  ${text}`));
  },
  good(text: string): void {
    line(`  ${green('✔')} ${text}`);
  },
  bad(text: string): void {
    line(`  ${red('✘')} ${text}`);
  },
  line,
};

/** `1 row`, `12,345 rows`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

/** Milliseconds as seconds: `1.23 s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
