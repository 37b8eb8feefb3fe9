import { ToolError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Role } from '../../pair/side.js';
import { toolEnvironment } from '../../process/connection.js';
import { runTool, ToolFailure } from '../../process/run.js';
import { findPsql } from '../../process/tools.js';
import type { SchemaLoad } from '../load-steps.js';
import { endOrphans, loader, LOAD_NAMES, notLoaded } from '../prepare.js';
import type { ParsedFile } from './format.js';
import { originOf } from './record.js';
import { readSchemaFile, shownPath } from './store.js';

/** The lines of a failure that are shown. */
const SAID_LINES = 8;

/** The schema as load.sql has it. @throws RefusedError when there is no such file, or it is not understood */
export async function fromFile(pair: Pair): Promise<SchemaLoad> {
  const file = await readSchemaFile(pair, 'load');
  return {
    origin: originOf(pair, file),
    load: async (progress) => {
      const role = await loader(pair, originOf(pair, file));
      await endOrphans(await pair.dst.session(role));
      progress(`loading ${shownPath(pair, 'load')} into the destination`);
      await runFile(pair, role, file);
      return `loaded ${shownPath(pair, 'load')}${file.edited ? ', which was edited' : ''}`;
    },
  };
}

/** In one transaction: all of it, or nothing. */
async function runFile(pair: Pair, role: Role, { text }: ParsedFile): Promise<void> {
  const address = pair.dst.address(role);
  const psql = await findPsql(pair.environment, (await pair.dst.root()).major);
  try {
    await runTool({
      name: 'psql',
      path: psql.path,
      args: ['--no-psqlrc', '--quiet', '--no-password', '--single-transaction', '--set=ON_ERROR_STOP=1', '--file=-'],
      env: toolEnvironment(pair.environment, address, {
        applicationName: LOAD_NAMES.psql,
        timeouts: { statement: 0, lock: 60_000 },
      }),
      secrets: [address.password],
      stdin: text,
      purpose: `loading ${shownPath(pair, 'load')} into ${pair.dst.toString()}`,
      signal: pair.environment.signal,
    });
  } catch (error) {
    throw error instanceof ToolFailure ? loadError(error, pair, text) : error;
  }
}

/** psql says in which line the statement that failed ends; pg_restore has put the object's name above each statement. */
function loadError(error: ToolFailure, pair: Pair, text: string): ToolError {
  const file = shownPath(pair, 'load');
  // Notices come in the same form; the error is the last.
  const at = [...error.stderr.matchAll(/^psql:<stdin>:(\d+): /gm)].at(-1);
  const row = at === undefined ? null : Number(at[1]);
  const object = row === null ? null : objectAbove(text, row);
  const said = at === undefined ? error.message : error.stderr.slice(at.index + at[0].length);
  const where = row === null ? '' : `${file}, line ${String(row)}${object === null ? '' : ` (${object})`}: `;
  return new ToolError(
    `${notLoaded(pair)}, nothing of it: ${where}${said.trim().split('\n').slice(0, SAID_LINES).join('\n')}`,
    {
      hint: `Put right what PostgreSQL complains of (a missing extension, role or privilege, or the object itself: ${file} may be edited), then run the same command again.`,
      detail: { ...error.detail, side: 'dst', file, line: row, object },
      cause: error,
    },
  );
}

/**
 * The object whose statement the line belongs to, for people only: a function's body may hold such a line, too.
 * Source: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c, _printTocEntry().
 */
function objectAbove(text: string, row: number): string | null {
  const rows = text.split('\n').slice(0, row);
  const found = rows.findLast((one, index) => rows[index - 1] === '--' && /^-- Name: .*; Type: /s.test(one));
  const [, name, type] = /^-- Name: (.*); Type: ([^;]*);/s.exec(found ?? '') ?? [];
  return name === undefined || type === undefined ? null : `${type} ${name}`;
}
