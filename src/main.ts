import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import type { BackgroundMessage } from './background.js';
import type { PairCommandSpec, PlainCommandSpec, WatchSpec } from './commands/define.js';
import type { Environment } from './environment.js';
import { BeltError, errorToJson } from './errors.js';
import { makeEnvelope } from './make-envelope.js';
import { liveTerminal, styleMaker, type Output } from './output.js';
import { packageFile } from './package-file.js';
import { buildProgram, type Handlers, type PairCall } from './program.js';
import { registry } from './registry.js';
import type { Progress } from './render/progress.js';
import type { Envelope, Row } from './results/envelope.js';
import type { WatchSink } from './watcher.js';

/** All that a run of belt has of the process it runs in. */
export interface Host {
  readonly environment: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The terminal on which questions are answered; null where nobody could. */
  readonly stdin: NodeJS.ReadStream | null;
  /** The path of Node.js. */
  readonly node: string;
  /** Tells the run that started this one in the background; null for one that nobody did so. */
  readonly tellStarter: ((message: BackgroundMessage) => void) | null;
}

const EXIT_USAGE = 2;

/** What a run that is ended early tells; a command that is watched is ended in no other way. */
const FAREWELL = '\nbelt: interrupted, closing connections; what was begun is undone or can be gone on with\n';

/**
 * Runs belt's command line once. Several runs may be at work in one process.
 * @param args what was typed after `belt`
 * @returns the exit code, when all is done
 */
export async function main(args: readonly string[], host: Host): Promise<number> {
  const { signal } = host.environment;
  // Every session listens, and a datacenter has many.
  setMaxListeners(0, signal);
  const run = new Run(host);
  const tell = (): void => {
    run.bidFarewell();
  };
  signal.addEventListener('abort', tell);
  try {
    return await run.commandLine(args);
  } finally {
    signal.removeEventListener('abort', tell);
  }
}

/** One run: what becomes of a command line that was understood, and the exit code that comes of it. */
class Run implements Handlers {
  #farewell = FAREWELL;
  #progress: Progress | undefined;
  #exitCode = 0;

  #args: readonly string[] = [];

  constructor(private readonly host: Host) {}

  /** After the signal to end. */
  bidFarewell(): void {
    if (this.#progress === undefined) this.host.stderr.write(this.#farewell);
    else this.#progress.interrupted(this.#farewell);
  }

  async commandLine(args: readonly string[]): Promise<number> {
    this.#args = args;
    const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
    const program = buildProgram(registry, version, this);
    const { stdout, stderr } = this.host;
    for (const command of [program, ...program.commands]) {
      command.exitOverride().configureOutput({
        writeOut: (text) => stdout.write(text),
        writeErr: (text) => stderr.write(text),
        getOutHelpWidth: () => stdout.terminal?.columns ?? 80,
        getErrHelpWidth: () => stderr.terminal?.columns ?? 80,
      });
    }
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    try {
      await program.parseAsync(args, { from: 'user' });
      return this.#exitCode;
    } catch (error) {
      return this.#reportError(error);
    }
  }

  async runPairs(spec: PairCommandSpec, call: PairCall): Promise<void> {
    const { environment, stdout } = this.host;
    const seconds = spec.watch?.seconds(call.options as never);
    const watched = spec.watch !== undefined && seconds !== undefined;
    const started = new Date();
    let envelope: Envelope<object>;
    try {
      if (watched) {
        await this.#watch(spec, spec.watch, call, seconds);
        return;
      }
      const { looksOn, runCommand } = await import('./runner.js');
      // After the ^C that a terminal shows.
      if (looksOn({ spec, options: call.options })) this.#farewell = this.host.stderr.terminal === null ? '' : '\n';
      const progress = await this.#makeProgress();
      this.#progress = progress;
      if (!call.dryRun && spec.detaches?.(call.options as never) === true) {
        const { detach } = await import('./background.js');
        const request = { command: spec.name, call, args: this.#args, node: this.host.node };
        envelope = await detach(request, environment, progress, (line) => this.host.stderr.write(`${line}\n`));
      } else {
        const tell = this.host.tellStarter;
        const settled = (row: Row<object>): void => tell?.({ kind: 'settled', row });
        envelope = await runCommand({ spec, ...call, settled }, environment, progress);
      }
    } catch (error) {
      if (!call.json) throw error;
      const { dc, db } = call;
      envelope = makeEnvelope({ command: spec.name, dc, db, started }, [], errorToJson(error));
    }
    if (watched) stdout.write(`${JSON.stringify(envelope)}\n`);
    else await this.#show(spec, call, envelope);
    await this.#exitAs(envelope);
  }

  async runPlain(
    spec: PlainCommandSpec,
    args: readonly string[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { environment, stdout, stderr } = this.host;
    const module = await spec.load();
    const questions = await this.#openQuestions();
    try {
      const context = {
        environment,
        registry,
        print: (text: string): void => void stdout.write(text),
        note: (text: string): void => void stderr.write(`${text}\n`),
        table: (head: readonly string[], rows: readonly (readonly string[])[]) => this.#tableText(head, rows),
        setExitCode: (code: number): void => void (this.#exitCode = code),
        ask: questions?.ask ?? null,
      };
      await module.run(context, args, options as never);
    } finally {
      questions?.close();
    }
  }

  async #watch(
    spec: PairCommandSpec,
    watch: NonNullable<PairCommandSpec['watch']>,
    call: PairCall,
    seconds: number,
  ): Promise<void> {
    const { environment, stderr } = this.host;
    const { watchCommand } = await import('./watcher.js');
    // After the ^C that a terminal shows.
    this.#farewell = stderr.terminal === null ? '' : '\n';
    const request = { spec, watch: watch as WatchSpec<unknown, object>, ...call, seconds };
    const sink = await this.#makeWatchSink(watch, call.json);
    try {
      const last = await watchCommand(request, environment, sink);
      // Whoever ends it has seen enough: no failure, whatever the last look found.
      if (!environment.signal.aborted) await this.#exitAs(last);
    } finally {
      sink.close?.();
    }
  }

  async #makeWatchSink(
    watch: NonNullable<PairCommandSpec['watch']>,
    json: boolean,
  ): Promise<WatchSink & { readonly close?: () => void }> {
    const { environment, stdout, stderr } = this.host;
    const terminal = liveTerminal(stdout, environment.variables);
    if (!json && terminal !== null) {
      const { screenSink } = await import('./render/watch/screen.js');
      const { picture } = await watch.view();
      const sink = screenSink(picture, terminal, await styleMaker(stdout, environment.variables));
      terminal.on('resize', sink.resized);
      return { ...sink, close: () => void terminal.off('resize', sink.resized) };
    }
    const { jsonLinesSink, linesSink } = await import('./render/watch/lines.js');
    const to = (output: Output) => (line: string) => void output.write(`${line}\n`);
    return (json ? jsonLinesSink : linesSink)(to(stdout), to(stderr));
  }

  async #makeProgress() {
    const { environment, stderr } = this.host;
    const terminal = liveTerminal(stderr, environment.variables);
    if (terminal !== null) {
      const { terminalProgress } = await import('./render/terminal-progress.js');
      return terminalProgress(await this.#style(stderr), terminal);
    }
    const { plainProgress } = await import('./render/plain-progress.js');
    const plain = plainProgress((line) => stderr.write(`${line}\n`));
    const { tellStarter } = this.host;
    if (tellStarter === null) return plain;
    const background = await import('./background.js');
    return background.tellStarter(plain, tellStarter);
  }

  /** Questions are asked on stderr: stdout is the result alone, and may be a file. */
  async #openQuestions() {
    const { stdin, stderr, environment } = this.host;
    if (stdin === null || stderr.terminal === null) return undefined;
    const { questionsOn } = await import('./ask.js');
    return questionsOn(stdin, stderr.terminal, environment.signal);
  }

  async #style(output: Output) {
    return (await styleMaker(output, this.host.environment.variables))();
  }

  async #tableText(head: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
    const { renderTable } = await import('./render/table.js');
    const { printableDeep } = await import('./printable.js');
    return `${renderTable(head, printableDeep(rows), await this.#style(this.host.stdout))}\n`;
  }

  async #show(spec: PairCommandSpec, call: PairCall, envelope: Envelope<object>): Promise<void> {
    const { stdout, stderr } = this.host;
    if (call.json) {
      const { renderJson } = await import('./render/json.js');
      stdout.write(renderJson(envelope));
      return;
    }
    const { renderFailures } = await import('./render/failures.js');
    const { printableDeep } = await import('./printable.js');
    const { render } = await spec.table();
    const table = render(printableDeep(envelope), await this.#style(stdout));
    if (table !== '') stdout.write(`${table}\n`);
    stderr.write(renderFailures(envelope, await this.#style(stderr)));
    if (envelope.success && !call.dryRun && spec.next !== undefined && stderr.terminal !== null) {
      const target = [call.dc, call.db].filter((part) => part !== undefined).join(' ');
      stderr.write(`\nNext: ${spec.next.replaceAll('{target}', target)}\n`);
    }
  }

  async #exitAs(envelope: Envelope<object>): Promise<void> {
    const { exitCodeOf } = await import('./results/exit-code.js');
    this.#exitCode = exitCodeOf(envelope);
  }

  async #reportError(error: unknown): Promise<number> {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    const { renderErrorText } = await import('./render/failures.js');
    const message = error instanceof Error ? error.message : String(error);
    const hint =
      error instanceof BeltError ? error.hint : 'This is a defect of belt. Please report it, with what you typed.';
    this.host.stderr.write(`${renderErrorText(message, hint, await this.#style(this.host.stderr))}\n`);
    return error instanceof BeltError ? error.exitCode : 1;
  }
}
