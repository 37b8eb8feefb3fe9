import { describe, expect, it } from 'vitest';
import { InterruptedError, ToolError } from '../../../src/errors.js';
import { plainEnvironment, toolEnvironment } from '../../../src/process/connection.js';
import { redact, runTool, ToolFailure, type ToolRun } from '../../../src/process/run.js';

const shell = (script: string, more: Partial<ToolRun> = {}): ToolRun => ({
  name: 'sh',
  path: '/bin/sh',
  args: ['-c', script],
  env: {},
  purpose: 'trying',
  ...more,
});

async function failure(run: ToolRun): Promise<unknown> {
  return runTool(run).catch((error: unknown) => error);
}

describe('runTool', () => {
  it('gives what the tool prints, and hands it its input and environment only', async () => {
    const { stdout } = await runTool(shell('cat; echo "$A|$HOME"', { stdin: 'in\n', env: { A: '1' } }));
    expect(stdout).toBe('in\n1|\n');
  });

  it('fails with exit code and last lines, without secrets', async () => {
    const error = await failure(
      shell('seq 100 >&2; echo "pw: $P" >&2; exit 3', { env: { P: 's3cret"x' }, secrets: ['s3cret"x'] }),
    );
    expect(error).toBeInstanceOf(ToolFailure);
    const { message, stderr } = error as ToolFailure;
    expect(message).toMatch(/^trying: sh failed \(exit code 3\):\n90\n/);
    expect(message).toMatch(/pw: \*\*\*$/);
    expect(stderr).not.toContain('s3cret');
  });

  it('shows the error that a tool names rather than what it says of it at length', async () => {
    const said =
      'seq 3 >&2; echo "sh: error: query failed: no" >&2; echo "sh: detail: Query was:" >&2; seq 100 >&2; exit 1';
    const { message } = (await failure(shell(said))) as ToolFailure;
    expect(message).toMatch(
      /^trying: sh failed \(exit code 1\):\nsh: error: query failed: no\nsh: detail: Query was:\n1\n/,
    );
    expect(message).toMatch(/\n10$/);
  });

  it('says so when the program is not there', async () => {
    expect(await failure(shell('', { path: '/nowhere/sh' }))).toMatchObject({
      message: 'trying: sh could not be started (ENOENT)',
      hint: 'Check that /nowhere/sh is there and may be executed.',
    });
  });

  it('ends a tool that takes too long', async () => {
    const error = await failure(shell('exec sleep 30', { timeLimit: 200 }));
    expect(error).toBeInstanceOf(ToolError);
    expect((error as ToolError).message).toContain('after 0.2 s');
  });

  it('ends it when interrupted', async () => {
    const abort = new AbortController();
    const run = failure(shell('exec sleep 30', { signal: abort.signal }));
    setTimeout(() => {
      abort.abort();
    }, 100);
    expect(await run).toBeInstanceOf(InterruptedError);
    expect(await failure(shell('true', { signal: abort.signal }))).toBeInstanceOf(InterruptedError);
  });
});

describe('redact', () => {
  it('replaces each occurrence, and no mere letters', () => {
    expect(redact('a.b*a.b* a', ['a.b*', 'a'])).toBe('****** a');
  });
});

describe('the environment of a tool', () => {
  const environment = {
    cwd: '/',
    variables: { PATH: '/bin', PGOPTIONS: '-c x=y', PGSERVICE: 'z', LANG: 'de_DE', EMPTY: undefined },
    pid: 1,
    signal: new AbortController().signal,
  };

  it('is free of what leads libpq elsewhere', () => {
    expect(plainEnvironment(environment)).toEqual({ PATH: '/bin', LC_ALL: 'C' });
  });

  it('carries the connection', () => {
    const env = toolEnvironment(
      environment,
      {
        side: 'src',
        host: 'h',
        hostaddr: '10.0.0.1',
        port: 5,
        database: 'd=b',
        user: 'u',
        password: 'p',
        ssl: { mode: 'require' },
      },
      { applicationName: 'n', timeouts: { statement: 0, lock: 7 } },
    );
    expect(env).toMatchObject({ PGHOSTADDR: '10.0.0.1', PGDATABASE: 'd=b', PGPASSWORD: 'p', PGSSLMODE: 'require' });
    expect(env['PGOPTIONS']).toBe('-c statement_timeout=0 -c lock_timeout=7');
    expect(env).not.toHaveProperty('PGSERVICE');
  });
});
