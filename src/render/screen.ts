/* eslint-disable no-control-regex -- escape sequences are what this is about */
import { charWidth, widthOf } from './width.js';

/** A text that is drawn in place of the one before it. */
export interface Screen {
  draw(text: string): void;
  /** Writes a line above the picture, to stay. @param picture the one that is drawn below it; the last one when left out */
  above(line: string, picture?: string): void;
  /** Takes the picture away. */
  clear(): void;
}

/** The part of a terminal's stream that is used. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const COLOUR = /\u001b\[[\d;]*m/y;
const RESET = '\u001b[0m';
const UP = (lines: number): string => (lines === 0 ? '' : `\u001b[${String(lines)}A`);
const CLEAR_LINE_REST = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * Draws on the terminal at the cursor. The cursor stands below the picture in between, so that whatever ends the program
 * leaves the last picture as it is. A picture wider or higher than the terminal is cut, since what has scrolled away cannot
 * be drawn over.
 */
export function screen(terminal: Terminal): Screen {
  /** The widths of the lines drawn last. */
  let drawn: number[] = [];
  let last = '';
  // A terminal that does not know its size says 0.
  const columns = (): number => terminal.columns || 80;
  const rows = (): number => terminal.rows || 24;

  /** Up to the first line of the last picture: a terminal made narrower since then has wrapped its lines. */
  const home = (): string => {
    const lines = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns())), 0);
    return `\r${UP(Math.min(lines, rows() - 1))}`;
  };
  const paint = (text: string): string => {
    last = text;
    const lines = fitHeight(text.split('\n'), rows() - 1).map((line) => fitWidth(line, columns() - 1));
    drawn = lines.map(({ width }) => width);
    return lines.map((line) => `${line.text}${CLEAR_LINE_REST}\n`).join('') + CLEAR_BELOW;
  };
  const forget = (): void => {
    drawn = [];
    last = '';
  };
  return {
    draw: (text) => {
      terminal.write(home() + paint(text));
    },
    above: (line, picture = last) => {
      // Over the picture: some terminals keep what is cleared at once among what has scrolled away.
      const kept = home() + line.replaceAll('\n', `${CLEAR_LINE_REST}\n`) + CLEAR_LINE_REST;
      forget();
      terminal.write(`${kept}\n${picture === '' ? CLEAR_BELOW : paint(picture)}`);
    },
    clear: () => {
      const gone = home() + CLEAR_BELOW;
      forget();
      terminal.write(gone);
    },
  };
}

function fitHeight(lines: readonly string[], height: number): readonly string[] {
  if (height < 1 || lines.length <= height) return lines;
  const kept = Math.max(0, height - 1);
  return [...lines.slice(0, kept), `... and ${String(lines.length - kept)} lines more`];
}

/** Cuts a line to a width, where an ellipsis then stands; colours take no room. */
function fitWidth(line: string, columns: number): { text: string; width: number } {
  const width = widthOf(line) > columns ? columns - 1 : columns;
  const cut = (text: string, used: number) => ({ text: text.includes('\u001b') ? text + RESET : text, width: used });
  let text = '';
  let used = 0;
  for (let at = 0; at < line.length;) {
    COLOUR.lastIndex = at;
    const colour = COLOUR.exec(line)?.[0];
    const char = colour ?? String.fromCodePoint(line.codePointAt(at) ?? 0);
    at += char.length;
    const room = colour !== undefined ? 0 : charWidth(char);
    if (used + room <= width) {
      text += char;
      used += room;
    } else return cut(`${text}…`, used + 1);
  }
  return { text, width: used };
}
