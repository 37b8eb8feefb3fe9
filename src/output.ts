import type { Style } from './render/style.js';

/** Where a run of belt writes. */
export interface Output {
  write(text: string): unknown;
  /** The terminal that shows it; null where it goes to a file, a pipe or another program. */
  readonly terminal: NodeJS.WriteStream | null;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** The terminal, if it can move its cursor. */
export function liveTerminal({ terminal }: Output, variables: Variables): NodeJS.WriteStream | null {
  return variables['TERM'] === 'dumb' ? null : terminal;
}

/** How to draw for an output as it is now: a terminal's width may change. */
export async function styleMaker(output: Output, variables: Variables): Promise<() => Style> {
  const { makeStyle } = await import('./render/style.js');
  const colour = liveTerminal(output, variables) !== null && (variables['NO_COLOR'] ?? '') === '';
  return () => makeStyle(colour, output.terminal?.columns ?? null);
}
