import { getNodeValue } from 'jsonc-parser';
import { BeltError, ConfigError, type SideName } from '../errors.js';
import { Schemas } from '../postgres/schemas.js';
import { parseConfig, parseRemoteConfig } from './parse.js';
import { configFile, configPath, remoteFile, remotePath } from './paths.js';
import { readConfigText } from './read.js';
import { resolverOf } from './remote-schema.js';
import { schemaSelection } from './resolve.js';
import type { SchemaSelection } from './schema.js';
import { readSyntax } from './syntax.js';

/** What a project folder says of one database, as far as it can be read. */
export interface Surveyed {
  readonly origin: 'configs' | 'remote-configs';
  /** The file's path from the project folder. */
  readonly file: string;
  /** null when the file cannot be read. */
  readonly schemaName: string | null;
  readonly src: SurveyedSide | null;
  readonly dst: SurveyedSide | null;
  /** The modules of a remote config. */
  readonly resolvers: Readonly<Record<SideName, string | null>> | null;
  /** What is wrong with the file. */
  readonly error: BeltError | null;
}

export interface SurveyedSide {
  readonly host: string | null;
  readonly port: number | null;
  readonly db: string | null;
}

const NOTHING = { schemaName: null, src: null, dst: null, resolvers: null };

/**
 * Looks at the config of one database, or else at its remote config, without connecting to a server or running a
 * resolver.
 * @param variables the environment variables that the config may name; one that is not set is a fault
 * @throws nothing for what is wrong with the files: see `error`
 */
export async function surveyConfig(
  cwd: string,
  dc: string,
  db: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Surveyed> {
  const file = configFile(dc, db);
  let text: string;
  try {
    ({ text } = await readConfigText(configPath(cwd, dc, db), file));
  } catch (error) {
    const own: Surveyed = { ...NOTHING, origin: 'configs', file, error: beltError(error) };
    return isMissing(error) ? ((await surveyRemote(cwd, dc, db)) ?? own) : own;
  }
  const parts = readable(text);
  try {
    parseConfig(text, { file, dc, db, variables });
    return { ...parts, origin: 'configs', file, error: null };
  } catch (error) {
    return { ...parts, origin: 'configs', file, error: beltError(error) };
  }
}

/** undefined when there is no remote config. */
async function surveyRemote(cwd: string, dc: string, db: string): Promise<Surveyed | undefined> {
  const file = remoteFile(dc, db);
  try {
    const { text } = await readConfigText(remotePath(cwd, dc, db), file);
    const remote = parseRemoteConfig(text, file);
    const moduleOf = (side: SideName): string | null => resolverOf(remote, side)?.module ?? null;
    const resolvers = { src: moduleOf('src'), dst: moduleOf('dst') };
    const schemaName = schemaText(schemaSelection(remote.schema_name));
    return { ...NOTHING, schemaName, resolvers, origin: 'remote-configs', file, error: null };
  } catch (error) {
    if (isMissing(error)) return undefined;
    return { ...NOTHING, origin: 'remote-configs', file, error: beltError(error) };
  }
}

/** What can be made out even in a config with faults. */
function readable(text: string): Omit<Surveyed, 'origin' | 'file' | 'error'> {
  const { root } = readSyntax(text);
  const whole = objectOf(root === undefined ? undefined : (getNodeValue(root) as unknown));
  const side = (name: SideName): SurveyedSide | null => {
    const value = objectOf(whole?.[name]);
    if (value === undefined) return null;
    const port = Number(value['port']);
    return {
      host: textOf(value['host']),
      port: Number.isInteger(port) && port > 0 && port <= 65535 ? port : null,
      db: textOf(value['db']),
    };
  };
  return {
    schemaName: whole === undefined ? null : schemaText(readableSchemas(whole['schema_name'])),
    src: side('src'),
    dst: side('dst'),
    resolvers: null,
  };
}

/** As the list of databases shows it. */
function schemaText(selection: SchemaSelection): string {
  return typeof selection === 'string' ? selection : new Schemas(selection).text;
}

function readableSchemas(value: unknown): SchemaSelection {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  return textOf(value) ?? 'public';
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isMissing(error: unknown): boolean {
  return error instanceof ConfigError && error.detail?.['code'] === 'ENOENT';
}

function beltError(error: unknown): BeltError {
  if (error instanceof BeltError) return error;
  throw error;
}
