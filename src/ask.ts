import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { InterruptedError } from './errors.js';

export interface Question {
  /** Stands before the answer: `Source, port [5432]: `. */
  readonly text: string;
  /** A password: what is typed is not shown. */
  readonly hidden?: boolean;
}

/** Asks the person and gives the line that was typed. @throws InterruptedError at Ctrl-C and Ctrl-D */
export type Ask = (question: Question) => Promise<string>;

export interface Questions {
  readonly ask: Ask;
  /** Gives the terminal back. */
  close(): void;
}

/**
 * Questions on a terminal. Nothing is read before the first is asked; lines that were pasted together answer one question
 * each.
 * @param signal aborts when belt is interrupted
 */
export function questionsOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream, signal: AbortSignal): Questions {
  let terminal: ReturnType<typeof openTerminal> | undefined;
  return {
    ask: (question) => (terminal ??= openTerminal(input, output, signal)).ask(question),
    close: () => terminal?.close(),
  };
}

function openTerminal(input: NodeJS.ReadStream, output: NodeJS.WriteStream, signal: AbortSignal) {
  let muted = false;
  const screen = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (!muted) output.write(chunk);
      done();
    },
  });
  // No history: else a password would come back by the arrow key.
  const lines = createInterface({ input, output: screen, terminal: true, historySize: 0, signal });
  const typed: string[] = [];
  let over = false;
  let wake = (): void => undefined;
  lines.on('line', (line) => {
    typed.push(line);
    wake();
  });
  const end = (): void => {
    over = true;
    wake();
  };
  lines.on('SIGINT', end);
  lines.on('close', end);

  return {
    ask: async ({ text, hidden = false }: Question): Promise<string> => {
      lines.setPrompt(text);
      lines.prompt();
      muted = hidden;
      try {
        while (typed.length === 0 && !over) await new Promise<void>((resolve) => (wake = resolve));
      } finally {
        muted = false;
      }
      const line = typed.shift();
      if (hidden || line === undefined) output.write('\n');
      if (line === undefined) throw new InterruptedError('interrupted; nothing was written');
      return line;
    },
    close: () => {
      lines.close();
    },
  };
}
