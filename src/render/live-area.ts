import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import { wrapText } from './fit.js';

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
 * @param draw gives the lines as they are now, cut to the terminal's width here; `spinner` is this frame's mark of work
 */
export function liveArea(stream: NodeJS.WriteStream, draw: (spinner: string) => readonly string[]): LiveArea {
  const update = createLogUpdate(stream);
  // A line that is as wide as the terminal would make some terminals begin a new one.
  const fit = (line: string): string => cliTruncate(line, Math.max(10, stream.columns - 1));
  let frame = 0;
  const redraw = (): void => {
    // The cursor stands below the area, so one line less than there are fits.
    const lines = draw(SPINNER[frame++ % SPINNER.length] ?? '').map(fit);
    update(lines.slice(-Math.max(1, stream.rows - 1)).join('\n'));
  };
  const timer = setInterval(redraw, FRAME_MS);
  timer.unref();
  return {
    keep: (line) => {
      update.persist(wrapText(line, Math.max(10, stream.columns - 1), '  '));
    },
    end: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}
