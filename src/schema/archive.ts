import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accompanying, otherSchemas, type Accompanying } from '../postgres/catalog/casts.js';
import { ident } from '../postgres/quote.js';
import type { Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import type { Pair } from '../pair/pair.js';
import { plainEnvironment, toolEnvironment } from '../process/connection.js';
import { runTool } from '../process/run.js';
import { findDumpTools, type DumpTools } from '../process/tools.js';
import { CATALOG, leaveOut, OF_DATABASE, parseToc, type TocEntry } from './toc.js';

/** A dump of the source's schema in a private temporary file. */
export interface Archive {
  readonly file: string;
  readonly tools: DumpTools;
  /** All of its entries, in the order in which they load. */
  readonly entries: readonly TocEntry[];
}

/** How long pg_dump waits for a table that someone holds locked. */
const LOCK_WAIT_MS = 60_000;

/**
 * Dumps the source's schema (no data), gives it to `work` with a session that sees the catalog exactly as the dump does,
 * and removes it.
 * @throws ToolError when pg_dump is missing, too old or fails
 */
export async function withSchemaArchive<T>(
  pair: Pair,
  work: (archive: Archive, source: Session) => Promise<T>,
): Promise<T> {
  const { environment } = pair;
  const destination = await pair.dst.root();
  const source = await pair.src.open('root');
  const folder = await mkdtemp(path.join(tmpdir(), 'belt-schema-'));
  try {
    const tools = await findDumpTools(environment, { source: source.major, destination: destination.major });
    return await source.transaction(async () => {
      const { snapshot } = await source.one<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
      const { superuser } = await destination.one<{ superuser: boolean }>(
        'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
      );
      const besides = await accompanying(source, await pair.schemas(), superuser);
      const selection = await selectionArguments(source, await pair.schemas(), besides.length > 0);
      const file = await dumpSchema(pair, tools, { folder, snapshot, selection });
      const { stdout } = await runTool({
        name: 'pg_restore',
        path: tools.restore.path,
        args: ['--list', '--verbose', file],
        env: plainEnvironment(environment),
        purpose: `reading the table of contents of the dump of ${pair.src.toString()}`,
        signal: environment.signal,
      });
      return work({ file, tools, entries: withoutDatabase(parseToc(stdout), besides) }, source);
    }, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  } finally {
    await Promise.all([source.close(), rm(folder, { recursive: true, force: true })]);
  }
}

/** Runs `work` with a file that names the entries that pg_restore shall take (`--use-list`), in their order. */
export async function withUseList<T>(
  archive: Archive,
  entries: readonly TocEntry[],
  work: (list: string) => Promise<T>,
): Promise<T> {
  const list = `${archive.file}.list`;
  await writeFile(list, `${entries.map(({ line }) => line).join('\n')}\n`, { mode: 0o600 });
  return work(list);
}

/** The entries as SQL that psql runs, for whoever is the owner there. */
export async function archiveSql(
  pair: Pair,
  archive: Archive,
  entries: readonly TocEntry[],
  options: readonly string[] = [],
): Promise<string> {
  const { environment } = pair;
  const { stdout } = await withUseList(archive, entries, (list) =>
    runTool({
      name: 'pg_restore',
      path: archive.tools.restore.path,
      args: ['--no-owner', '--no-tablespaces', ...options, `--use-list=${list}`, '--file=-', archive.file],
      env: plainEnvironment(environment),
      purpose: `writing the dump of ${pair.src.toString()} as SQL`,
      signal: environment.signal,
    }),
  );
  return stdout;
}

/**
 * Which objects pg_dump takes. Asked for a schema, it leaves out what belongs to none, such as casts; where the schemas
 * are accompanied by some, it is asked for everything but the other schemas instead.
 */
async function selectionArguments(source: Session, schemas: Schemas, accompanied: boolean): Promise<string[]> {
  if (!accompanied) return [...schemas.names.map((schema) => `--schema=${ident(schema)}`), '--strict-names'];
  return (await otherSchemas(source, schemas)).map((schema) => `--exclude-schema=${ident(schema)}`);
}

/** Leaves out what belongs to no schema, but for what is given. */
function withoutDatabase(entries: readonly TocEntry[], besides: readonly Accompanying[]): TocEntry[] {
  const wanted = ({ classId, oid }: TocEntry): boolean =>
    besides.some((one) => CATALOG[one.catalog] === classId && one.oid === oid);
  return leaveOut(
    entries,
    entries.filter((entry) => OF_DATABASE.has(entry.classId) && !wanted(entry)),
  );
}

async function dumpSchema(
  pair: Pair,
  tools: DumpTools,
  { folder, snapshot, selection }: { folder: string; snapshot: string; selection: readonly string[] },
): Promise<string> {
  const { environment, src } = pair;
  const schemas = await pair.schemas();
  const address = src.address('root');
  const file = path.join(folder, 'schema.dump');
  // Made beforehand, so that it is never readable by others, whatever the umask.
  await writeFile(file, '', { mode: 0o600 });
  await chmod(file, 0o600);
  await runTool({
    name: 'pg_dump',
    path: tools.dump.path,
    args: [
      '--format=custom',
      '--schema-only',
      ...selection,
      `--snapshot=${snapshot}`,
      '--encoding=UTF8',
      // What belongs to the server, not to the schema: the destination's differ.
      '--no-tablespaces',
      '--no-publications',
      '--no-subscriptions',
      '--no-password',
      `--lock-wait-timeout=${String(LOCK_WAIT_MS)}`,
      `--file=${file}`,
    ],
    env: toolEnvironment(environment, address, {
      applicationName: 'belt pg_dump',
      timeouts: { statement: 0, lock: LOCK_WAIT_MS },
    }),
    secrets: [address.password],
    purpose: `dumping ${schemas.words} of ${src.toString()}`,
    signal: environment.signal,
  });
  return file;
}
