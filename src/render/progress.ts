import { formatSeconds } from '../duration.js';
import type { StepProgress, StepResult } from '../pair/steps.js';

/** What a run tells about itself while it works. The terminal shows it as a live list, anything else as plain lines. */
export interface Progress {
  begin(databases: readonly string[]): void;
  dbStarted(db: string): void;
  warn(db: string, text: string): void;
  /** Something that is done, worth a line of its own. */
  note(db: string, text: string): void;
  /** The checks are passed: from here on nothing is refused, it only takes its time. */
  begun(db: string): void;
  stepStarted(db: string, title: string): void;
  stepProgress(db: string, title: string, what: StepProgress): void;
  stepEnded(db: string, title: string, result: StepResult): void;
  /** @param failure why it failed, or null when all went well */
  dbEnded(db: string, failure: string | null): void;
  /** The person has ended it: tells them so, in lines, when there is anything to tell. */
  interrupted(text: string): void;
  /** Waits until all is drawn. */
  end(): Promise<void>;
}

/** A duration as a person reads it: `350 ms`, `2.1 s`, `3 min 20 s`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  if (rounded < 1000) return `${String(rounded)} ms`;
  // Rounded before the choice of the unit, so that there is never a "60.0 s".
  if (rounded < 59_950) return `${(rounded / 1000).toFixed(1)} s`;
  return formatSeconds(rounded / 1000);
}

/** A span of time without tenths, which would only flicker: `3 s`, `3 min 20 s`. */
export function wholeSeconds(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60 ? `${String(whole)} s` : formatSeconds(whole);
}

const WORDS: Readonly<Record<StepResult['status'], string>> = {
  ok: 'ok',
  skipped: 'skipped',
  failed: 'FAILED',
  planned: 'would do',
};

/** One line about a step that ended: `ok       create node pg1 (created node pg1, 12 ms)`. */
export function stepLine(title: string, result: StepResult): string {
  // What a tool said may have many lines: the whole of it is told at the end.
  const message = result.message?.split('\n')[0] ?? null;
  const inner = [result.status === 'planned' ? null : message, formatDuration(result.duration_ms)];
  return `${WORDS[result.status].padEnd(8)} ${title} (${inner.filter((part) => part !== null).join(', ')})`;
}
