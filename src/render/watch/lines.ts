import { printable } from '../../printable.js';
import type { Envelope } from '../../results/envelope.js';

/** Shows what is watched as a line for each thing that is new: for pipes and logs. Times are UTC. */
export function linesSink(out: (line: string) => void, note: (line: string) => void) {
  return {
    warn: (db: string, text: string) => {
      note(`${printable(db)}: warning: ${printable(text)}`);
    },
    looked: (_: Envelope<object>, one: Envelope<object>, news: readonly string[]) => {
      const time = `${one.timestamp.slice(0, 19)}Z`;
      for (const line of news) out(printable(`${time} ${one.results[0]?.db ?? ''}: ${line}`));
    },
  };
}

/** Shows what is watched as JSON, an envelope a line: each look with something new, of one database. */
export function jsonLinesSink(out: (line: string) => void, note: (line: string) => void) {
  return {
    warn: linesSink(out, note).warn,
    looked: (_: Envelope<object>, one: Envelope<object>, news: readonly string[]) => {
      if (news.length > 0) out(JSON.stringify(one));
    },
  };
}
