import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import { wrapText } from './fit.js';

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
  const update = createLogUpdate(stream);
  // A line that is as wide as the terminal would make some terminals begin a new one; the cursor stands below the area. A
  // terminal that does not know its size says 0.
  const size = (): Size => ({
    columns: Math.max(10, (stream.columns || 80) - 1),
    rows: Math.max(1, (stream.rows || 24) - 1),
  });
  let frame = 0;
  const redraw = (): void => {
    const { columns, rows } = size();
    const lines = draw(SPINNER[frame++ % SPINNER.length] ?? '', { columns, rows });
    update(
      lines
        .slice(-rows)
        .map((line) => cliTruncate(line, columns))
        .join('\n'),
    );
  };
  const timer = setInterval(redraw, FRAME_MS);
  timer.unref();
  return {
    keep: (line) => {
      update.persist(wrapText(line, size().columns, '  '));
    },
    end: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}
