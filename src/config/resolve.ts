import type { DatabaseConfig, SchemaSelection, SideConfig, UserConfig, WrittenConfig, WrittenSide } from './schema.js';

export interface ParsedConfig {
  readonly config: DatabaseConfig;
  /** Whether a password stands in the file itself, and not in an environment variable. */
  readonly plainPasswords: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;
type WrittenPassword = WrittenSide['root_user']['pw'];

/**
 * Fills in defaults and takes passwords from the environment.
 * @param written a config that has no fault: the variables it names are set
 */
export function resolveConfig(written: WrittenConfig, variables: Variables): ParsedConfig {
  const config: DatabaseConfig = {
    ...optional('$schema', written.$schema),
    db: written.db,
    dc: written.dc,
    schema_name: schemaSelection(written.schema_name),
    src: written.src === null ? null : resolveSide(written.src, variables),
    dst: written.dst === null ? null : resolveSide(written.dst, variables),
    tables: written.tables ?? [],
    sequences: written.sequences ?? [],
    exclude_users: written.exclude_users ?? [],
    exclude_patterns: written.exclude_patterns ?? [],
  };
  const plainPasswords = [written.src, written.dst].some((side) => side !== null && passwordsOf(side).some(isPlain));
  return { config, plainPasswords };
}

function resolveSide(side: WrittenSide, variables: Variables): SideConfig {
  const user = ({ name, pw }: WrittenSide['root_user']): UserConfig => ({ name, pw: reveal(pw, variables) });
  return {
    host: side.host,
    ...optional('ip', side.ip),
    db: side.db,
    port: Number(side.port),
    root_user: user(side.root_user),
    owner_user: user(side.owner_user),
    pglogical_user: user(side.pglogical_user),
    other_users:
      side.other_users?.map(({ name, pw }) => ({
        name,
        pw: pw === null || pw === undefined ? null : reveal(pw, variables),
      })) ?? null,
    sslmode: side.sslmode ?? 'prefer',
    ...optional('sslrootcert', side.sslrootcert),
    ...optional('peer_host', side.peer_host),
    ...(side.peer_port === null || side.peer_port === undefined ? {} : { peer_port: Number(side.peer_port) }),
  };
}

function reveal(pw: WrittenPassword, variables: Variables): string {
  return typeof pw === 'string' ? pw : (variables[pw.env] ?? '');
}

function passwordsOf(side: WrittenSide): (WrittenPassword | null | undefined)[] {
  const users = [side.root_user, side.owner_user, side.pglogical_user, ...(side.other_users ?? [])];
  return users.map(({ pw }) => pw);
}

function isPlain(pw: WrittenPassword | null | undefined): boolean {
  return typeof pw === 'string' && pw !== '';
}

/** What is taken where nothing is written. */
export function schemaSelection(written: WrittenConfig['schema_name']): SchemaSelection {
  return Array.isArray(written) ? written : (textOf(written) ?? 'public');
}

/** null and "" mean the same as leaving the key out. */
function textOf(value: string | null | undefined): string | undefined {
  return value === null || value === '' ? undefined : value;
}

function optional<Key extends string>(key: Key, value: string | null | undefined): Partial<Record<Key, string>> {
  const text = textOf(value);
  return (text === undefined ? {} : { [key]: text }) as Partial<Record<Key, string>>;
}
