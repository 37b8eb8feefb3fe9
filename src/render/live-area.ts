import { wrapText } from './fit.js';
import { screen } from './screen.js';

/** What there is room for on a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The lines at the end of a terminal that are redrawn in place, while what is told for good scrolls up above them. */
export interface LiveArea {
  /** Writes a line above the area, where it stays: in several lines where the terminal is too narrow. */
  keep(line: string): void;
  /** Takes the area away. */
  end(): void;
}

const FRAME_MS = 100;
/** The cursor is hidden while it goes about; terminals that know the other sequence show a frame as a whole. */
const [FRAME_BEGINS, FRAME_ENDS] = ['\u001b[?25l\u001b[?2026h', '\u001b[?2026l\u001b[?25h'];
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Begins to draw.
 * @param stream the terminal; nothing is written anywhere else
 * @param draw gives the lines as they are now, cut to the terminal's size here; `spinner` is this frame's mark of work,
 * `size` what there is room for
 */
export function liveArea(
  stream: NodeJS.WriteStream,
  draw: (spinner: string, size: Size) => readonly string[],
): LiveArea {
  const target = screen({
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write: (text) => stream.write(FRAME_BEGINS + text + FRAME_ENDS),
  });
  let frame = 0;
  const picture = (): string => {
    const size = sizeOf(stream);
    return draw(SPINNER[frame % SPINNER.length] ?? '', size)
      .slice(-size.rows)
      .join('\n');
  };
  const timer = setInterval(() => {
    frame += 1;
    target.draw(picture());
  }, FRAME_MS);
  timer.unref();
  return {
    keep: (line) => {
      target.above(wrapText(line, sizeOf(stream).columns, '  '), picture());
    },
    end: () => {
      clearInterval(timer);
      target.clear();
    },
  };
}

/** A line as wide as the terminal would make some begin a new one, and the cursor stands below the area. */
function sizeOf({ columns, rows }: NodeJS.WriteStream): Size {
  // A terminal that does not know its size says 0.
  return { columns: Math.max(10, (columns || 80) - 1), rows: Math.max(1, (rows || 24) - 1) };
}
