import { Chalk, type ChalkInstance } from 'chalk';

/** How to draw for this output: colours or none, and how wide the terminal is. */
export interface Style {
  readonly chalk: ChalkInstance;
  /** Columns of the terminal, or null when the output is no terminal. */
  readonly columns: number | null;
}

/** A style for an output. @param colour whether colours may be used (a terminal, and NO_COLOR not set) */
export function makeStyle(colour: boolean, columns: number | null): Style {
  return { chalk: new Chalk({ level: colour ? 1 : 0 }), columns };
}
