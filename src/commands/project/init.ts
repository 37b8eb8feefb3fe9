import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createConfigFile, replaceConfigFile } from '../../config/create.js';
import { knownPglogicalUser } from '../../config/known-servers.js';
import { CONFIGS, configFile, configPath, remotePath, remoteFile } from '../../config/paths.js';
import type { WrittenConfig, WrittenSide } from '../../config/schema.js';
import { isSystemSchema } from '../../postgres/catalog/movable-schemas.js';
import { RefusedError, UsageError } from '../../errors.js';
import type { PlainContext } from '../define.js';
import { askText, completeSide, readSideOptions, wrongText, type SideAnswers, type SideOptions } from './init-side.js';

type Text = string | undefined;

export interface InitOptions {
  readonly src: Text;
  readonly srcOwner: Text;
  readonly srcRootPwEnv: Text;
  readonly srcOwnerPwEnv: Text;
  readonly dst: Text;
  readonly dstOwner: Text;
  readonly dstRootPwEnv: Text;
  readonly dstOwnerPwEnv: Text;
  readonly schema: Text;
  readonly force: boolean;
}

/** Bytes of a generated password; it is written in hexadecimal digits, which nothing has to quote. */
const PASSWORD_BYTES = 24;

/** Writes the config of one database, from options and, on a terminal, by asking for what they lack. */
export async function run(
  context: PlainContext,
  [dc = '', db = '']: readonly string[],
  options: InitOptions,
): Promise<void> {
  const { cwd, variables } = context.environment;
  const file = configFile(dc, db);
  const path = configPath(cwd, dc, db);
  const src = readSideOptions('src', sideOptions(options, 'src'), undefined);
  const dst = readSideOptions('dst', sideOptions(options, 'dst'), src.owner);
  const missing = [...src.missing, ...dst.missing];
  refuseFaults(
    [
      ...folderFaults('datacenter', dc),
      ...folderFaults('database', db),
      ...src.faults,
      ...dst.faults,
      ...(options.schema === '' ? ['--schema must not be empty'] : []),
      ...(options.schema !== undefined && isSystemSchema(options.schema)
        ? [`--schema ${options.schema} is a schema of PostgreSQL, pglogical or belt itself: it never moves`]
        : []),
    ],
    context.ask === null ? missing : [],
  );
  if ((await exists(path)) && !options.force) throw alreadyThere(file);
  const ask = context.ask ?? neverAsked;
  const source = await completeSide(src, ask);
  const destination = await completeSide(dst, ask, source);
  // One who has given all the rest by options knows of this one as well.
  const schema =
    options.schema ?? (missing.length > 0 ? await askText(ask, 'Schema that moves', wrongText, 'public') : 'public');

  const pglogical = await pglogicalUsers(context, file, [source, destination]);
  const config: WrittenConfig = {
    ...(await schemaLine(cwd)),
    db,
    dc,
    schema_name: schema,
    src: written(source, pglogical[0]),
    dst: written(destination, pglogical[1]),
    tables: [],
    sequences: [],
    exclude_users: [],
    exclude_patterns: [],
  };
  const text = `// Written by belt init. Comments and trailing commas are allowed; belt schema prints what may stand here.\n${JSON.stringify(config, null, 2)}\n`;
  if (options.force) await replaceConfigFile(path, text, file);
  else if (!(await createConfigFile(path, text, file))) throw alreadyThere(file);

  if (await exists(remotePath(cwd, dc, db))) context.note(`It is used from now on in place of ${remoteFile(dc, db)}.`);
  const unset = variablesOf(config).filter((name) => (variables[name] ?? '') === '');
  context.print(`${file} is written, for you alone to read.\n`);
  if (unset.length > 0) context.print(`Before you run belt, set: ${unset.join(', ')}\n`);
  context.print(`Next: belt precheck ${shellWord(dc)} ${shellWord(db)}\n`);
}

function sideOptions(options: InitOptions, side: 'src' | 'dst'): SideOptions {
  return {
    url: options[side],
    owner: options[`${side}Owner`],
    rootPwEnv: options[`${side}RootPwEnv`],
    ownerPwEnv: options[`${side}OwnerPwEnv`],
  };
}

/** @throws UsageError with all that is wrong and all that is missing */
function refuseFaults(faults: readonly string[], missing: readonly string[]): void {
  if (faults.length + missing.length === 0) return;
  const lacks =
    missing.length === 0
      ? []
      : ['there is no terminal to ask on, so these are needed:', ...missing.map((one) => `  ${one}`)];
  throw new UsageError([...faults, ...lacks].join('\n'), {
    hint: 'Put this right, and run the command again. belt help init shows an example.',
    detail: { faults, missing },
  });
}

/** What a name of a folder must not be. */
function folderFaults(what: string, name: string): string[] {
  if (name === '') return [`the name of the ${what} must not be empty`];
  // eslint-disable-next-line no-control-regex -- these are the characters
  if (/[/\u0000-\u001f\u007f]/.test(name))
    return [`the name of the ${what} becomes a folder, and must not have / or control characters in it`];
  return name.startsWith('.')
    ? [`the name of the ${what} must not begin with a dot: belt passes over hidden folders`]
    : [];
}

function alreadyThere(file: string): RefusedError {
  return new RefusedError(`${file} is there already`, {
    hint: 'Edit it, choose another name, or write it anew with --force.',
    detail: { file },
  });
}

/** The pglogical users of the sides: those that other configs have for these servers, else new ones with one password. */
async function pglogicalUsers(
  { environment, note }: PlainContext,
  own: string,
  sides: readonly [SideAnswers, SideAnswers],
): Promise<[WrittenSide['pglogical_user'], WrittenSide['pglogical_user']]> {
  const pw = randomBytes(PASSWORD_BYTES).toString('hex');
  const userOf = async ({ server }: SideAnswers) => {
    const known = await knownPglogicalUser(environment.cwd, server);
    if (known === undefined) return { name: 'pglogical', pw };
    if (known.file !== own)
      note(`The pglogical user of ${server.host}:${String(server.port)} is that of ${known.file}.`);
    return known.user;
  };
  return [await userOf(sides[0]), await userOf(sides[1])];
}

function written({ server, root, owner }: SideAnswers, pglogical: WrittenSide['pglogical_user']): WrittenSide {
  return { ...server, root_user: root, owner_user: owner, pglogical_user: pglogical, other_users: null };
}

function variablesOf({ src, dst }: WrittenConfig): string[] {
  const users = [src, dst].flatMap((side) =>
    side === null ? [] : [side.root_user, side.owner_user, side.pglogical_user],
  );
  return [...new Set(users.flatMap(({ pw }) => (typeof pw === 'string' ? [] : [pw.env])))];
}

/** The line by which editors check the file, where its schema has been saved in the project. */
async function schemaLine(cwd: string): Promise<{ $schema?: string }> {
  const name = 'config.schema.json';
  if (await exists(join(cwd, CONFIGS, name))) return { $schema: `../../${name}` };
  return (await exists(join(cwd, name))) ? { $schema: `../../../${name}` } : {};
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A word as a shell reads it literally. */
function shellWord(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function neverAsked(): never {
  throw new Error('a question was left though nothing was missing');
}
