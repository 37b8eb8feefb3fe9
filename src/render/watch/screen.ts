import { printable, printableDeep } from '../../printable.js';
import type { Envelope } from '../../results/envelope.js';
import { screen, type Terminal } from '../screen.js';
import type { Style } from '../style.js';

/** Shows what is watched as a picture that is drawn anew at each look. @param style asked each time, as it knows the width */
export function screenSink(
  picture: (envelope: Envelope<object>, style: Style) => string,
  terminal: Terminal,
  style: () => Style,
) {
  const target = screen(terminal);
  let last = '';
  return {
    warn: (db: string, text: string) => {
      target.above(style().chalk.yellow(`${printable(db)}: warning: ${printable(text)}`));
    },
    looked: (all: Envelope<object>) => {
      last = picture(printableDeep(all), style());
      target.draw(last);
    },
    /** After the terminal's size has changed. */
    resized: () => {
      if (last !== '') target.draw(last);
    },
  };
}
