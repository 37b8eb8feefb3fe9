import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import type { PairCommandSpec, WatchSpec } from './commands/define.js';
import type { Environment } from './environment.js';
import { BeltError } from './errors.js';
import { packageFile } from './package-file.js';
import { buildProgram, type Handlers, type PairCall } from './program.js';
import { registry } from './registry.js';
import type { Style } from './render/style.js';
import type { Envelope } from './results/envelope.js';
import type { WatchSink } from './watcher.js';

/** The only file that touches the process: arguments, streams, signals, exit code. */

const abort = new AbortController();
// Every session listens, and a datacenter has many.
setMaxListeners(0, abort.signal);
const environment: Environment = {
  cwd: process.cwd(),
  variables: process.env,
  pid: process.pid,
  signal: abort.signal,
};

/** What a run that is ended early tells; a command that is watched is ended in no other way. */
let farewell = '\nbelt: interrupted, closing connections; what was begun is undone or can be gone on with\n';

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** One Ctrl-C may come twice: to belt, and to the whole process group, as `timeout` and npm deliver it. */
const SAME_SIGNAL_MS = 500;

function listenForSignals(): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (first === undefined) {
        first = now;
        abort.abort();
        process.stderr.write(farewell);
        // A later one means it: whoever presses Ctrl-C again does not want to wait.
      } else if (now - first > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
    });
  }
}

/** Whoever reads the output may have gone (`belt status | head`): that is no error. */
function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const useColour = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';

async function styleFor(stream: NodeJS.WriteStream) {
  const { makeStyle } = await import('./render/style.js');
  return makeStyle(useColour(stream), stream.isTTY ? stream.columns : null);
}

async function makeProgress() {
  if (process.stderr.isTTY && process.env['TERM'] !== 'dumb') {
    const { terminalProgress } = await import('./render/terminal-progress.js');
    return terminalProgress(await styleFor(process.stderr), process.stderr);
  }
  const { plainProgress } = await import('./render/plain-progress.js');
  return plainProgress((line) => process.stderr.write(`${line}\n`));
}

const handlers: Handlers = {
  async runPairs(spec, call) {
    const seconds = spec.watch?.seconds(call.options as never);
    if (spec.watch !== undefined && seconds !== undefined) {
      await watchPairs(spec, spec.watch, call, seconds);
      return;
    }
    const { runCommand } = await import('./runner.js');
    const started = new Date();
    let envelope: Envelope<object>;
    try {
      envelope = await runCommand({ spec, ...call }, environment, await makeProgress());
    } catch (error) {
      if (!call.json) throw error;
      envelope = await failedEnvelope(spec, call, started, error);
    }
    await show(spec, call, envelope);
    const { exitCodeOf } = await import('./results/exit-code.js');
    process.exitCode = exitCodeOf(envelope);
  },
  async runPlain(spec, args, options) {
    const module = await spec.load();
    const print = (text: string): void => void process.stdout.write(text);
    const note = (text: string): void => void process.stderr.write(`${text}\n`);
    const setExitCode = (code: number): void => void (process.exitCode = code);
    const questions = await openQuestions();
    try {
      const context = {
        environment,
        registry,
        print,
        note,
        table: tableText,
        setExitCode,
        ask: questions?.ask ?? null,
      };
      await module.run(context, args, options as never);
    } finally {
      questions?.close();
    }
  },
};

async function watchPairs(
  spec: PairCommandSpec,
  watch: NonNullable<PairCommandSpec['watch']>,
  call: PairCall,
  seconds: number,
): Promise<void> {
  const { watchCommand } = await import('./watcher.js');
  // After the ^C that a terminal shows.
  farewell = process.stderr.isTTY ? '\n' : '';
  const started = new Date();
  try {
    const request = { spec, watch: watch as WatchSpec<unknown, object>, ...call, seconds };
    const last = await watchCommand(request, environment, await makeWatchSink(watch, call.json));
    const { exitCodeOf } = await import('./results/exit-code.js');
    // Whoever ends it has seen enough: no failure, whatever the last look found.
    process.exitCode = abort.signal.aborted ? 0 : exitCodeOf(last);
  } catch (error) {
    if (!call.json) throw error;
    const envelope = await failedEnvelope(spec, call, started, error);
    process.stdout.write(`${JSON.stringify(envelope)}\n`);
    const { exitCodeOf } = await import('./results/exit-code.js');
    process.exitCode = exitCodeOf(envelope);
  }
}

async function makeWatchSink(watch: NonNullable<PairCommandSpec['watch']>, json: boolean): Promise<WatchSink> {
  if (!json && process.stdout.isTTY && process.env['TERM'] !== 'dumb') {
    const { screenSink } = await import('./render/watch/screen.js');
    const { makeStyle } = await import('./render/style.js');
    const { picture } = await watch.view();
    const style = (): Style => makeStyle(useColour(process.stdout), process.stdout.columns);
    const sink = screenSink(picture, process.stdout, style);
    process.stdout.on('resize', sink.resized);
    return sink;
  }
  const { jsonLinesSink, linesSink } = await import('./render/watch/lines.js');
  const to = (stream: NodeJS.WriteStream) => (line: string) => void stream.write(`${line}\n`);
  return (json ? jsonLinesSink : linesSink)(to(process.stdout), to(process.stderr));
}

/** Questions are asked on stderr: stdout is the result alone, and may be a file. */
async function openQuestions() {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { questionsOn } = await import('./ask.js');
  return questionsOn(process.stdin, process.stderr, abort.signal);
}

async function tableText(head: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
  const { renderTable } = await import('./render/table.js');
  const { printableDeep } = await import('./printable.js');
  return `${renderTable(head, printableDeep(rows), await styleFor(process.stdout))}\n`;
}

async function failedEnvelope(
  spec: PairCommandSpec,
  call: PairCall,
  started: Date,
  error: unknown,
): Promise<Envelope<object>> {
  const { errorToJson } = await import('./errors.js');
  return {
    command: spec.name,
    dc: call.dc,
    db: call.db ?? null,
    success: false,
    timestamp: started.toISOString(),
    duration_ms: Date.now() - started.getTime(),
    error: errorToJson(error),
    results: [],
  };
}

async function show(spec: PairCommandSpec, call: PairCall, envelope: Envelope<object>): Promise<void> {
  if (call.json) {
    const { renderJson } = await import('./render/json.js');
    process.stdout.write(renderJson(envelope));
    return;
  }
  const { renderFailures } = await import('./render/failures.js');
  const { printableDeep } = await import('./printable.js');
  const { render } = await spec.table();
  const table = render(printableDeep(envelope), await styleFor(process.stdout));
  if (table !== '') process.stdout.write(`${table}\n`);
  process.stderr.write(renderFailures(envelope, await styleFor(process.stderr)));
  if (envelope.success && !call.dryRun && spec.next !== undefined && process.stderr.isTTY) {
    const target = [call.dc, call.db].filter((part) => part !== undefined).join(' ');
    process.stderr.write(`\nNext: ${spec.next.replaceAll('{target}', target)}\n`);
  }
}

async function reportError(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const { renderErrorText } = await import('./render/failures.js');
  const style = await styleFor(process.stderr);
  const message = error instanceof Error ? error.message : String(error);
  const hint =
    error instanceof BeltError ? error.hint : 'This is a defect of belt. Please report it, with what you typed.';
  process.stderr.write(`${renderErrorText(message, hint, style)}\n`);
  return error instanceof BeltError ? error.exitCode : 1;
}

async function main(): Promise<void> {
  listenForSignals();
  endQuietlyOnBrokenPipe();
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  const program = buildProgram(registry, version, handlers);
  for (const command of [program, ...program.commands]) command.exitOverride();
  if (process.argv.length <= 2) {
    program.outputHelp();
    return;
  }
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = await reportError(error);
  }
}

await main();
