import { z } from 'zod';

/**
 * What stands in configs/DC/DB/config.json, as people write it (the zod schema), and what belt makes of it (the
 * interfaces). The titles and descriptions are shown by editors, by way of `configJsonSchema`.
 */

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export type SslMode = (typeof SSL_MODES)[number];

/** A role with its password. */
export interface UserConfig {
  name: string;
  pw: string;
}

/** A role that belt took LOGIN from. Its password is not needed, so it is mostly null. */
export interface OtherUserConfig {
  name: string;
  pw: string | null;
}

/** One server's database, with secrets resolved and defaults filled in. */
export interface SideConfig {
  host: string;
  /** libpq's hostaddr, when it is an IP address: spares the look-up of `host`. */
  ip?: string | undefined;
  /** The database's name on the server. */
  db: string;
  port: number;
  root_user: UserConfig;
  owner_user: UserConfig;
  pglogical_user: UserConfig;
  other_users: OtherUserConfig[] | null;
  sslmode: SslMode;
  sslrootcert?: string | undefined;
  /** How the other server reaches this one, where that differs from how belt does: tunnels, containers. */
  peer_host?: string | undefined;
  peer_port?: number | undefined;
}

/** A schema's name, the names of several, or "*" for all of the source but the system's. */
export type SchemaSelection = string | string[];

/** What stands for all schemas. */
export const ALL_SCHEMAS = '*';

/** One database that moves, with secrets resolved and defaults filled in. */
export interface DatabaseConfig {
  $schema?: string | undefined;
  db: string;
  dc: string;
  /** The schemas that move: one, several, or "*" for all but the system's. */
  schema_name: SchemaSelection;
  src: SideConfig | null;
  dst: SideConfig | null;
  /** The tables that move; empty means all. */
  tables: string[];
  /** The sequences that move; empty means all. */
  sequences: string[];
  exclude_users: string[];
  exclude_patterns: string[];
}

/** Title and description, as editors show them. */
const help = (title: string, description: string) => ({ title, description });

/** A text that must not be empty. `wants` completes the sentence "wants ...". */
const filled = (wants: string) =>
  z.string({ error: `wants ${wants}` }).min(1, { error: `wants ${wants}; it is empty` });

/** A text that may be left out; null and "" mean the same as leaving it out. */
const optionalText = (wants: string) => z.string({ error: `wants ${wants}` }).nullish();

const portError = { error: 'wants a port number from 1 to 65535' };
const port = z.union(
  [
    z.int(portError).min(1, portError).max(65535, portError),
    z.string().regex(/^(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/, portError),
  ],
  portError,
);

const variable = filled('the name of an environment variable').meta(
  help('Variable', 'The name of the environment variable.'),
);
const passwordWants = 'a password in quotes, or {"env": "NAME"} to take it from the environment variable NAME';
const secret = z.union(
  [
    z.string(),
    z
      .strictObject({ env: variable })
      .meta(help('From the environment', 'The password is taken from this environment variable.')),
  ],
  { error: `wants ${passwordWants}` },
);

const password = secret.meta(
  help('Password', 'The password, or {"env": "NAME"} to take it from an environment variable.'),
);

const user = (title: string, description: string) =>
  z
    .strictObject(
      { name: filled("a role's name").meta(help('Name', 'The role, exactly as the server has it.')), pw: password },
      { error: 'wants {"name": ..., "pw": ...}' },
    )
    .meta(help(title, description));

const otherUser = z.strictObject(
  {
    name: filled("a role's name").meta(help('Name', 'The role, exactly as the server has it.')),
    pw: secret.nullish().meta(help('Password', 'Not needed: belt never logs in as this role.')),
  },
  { error: 'wants {"name": ..., "pw": null}' },
);

const sideSchema = z.strictObject(
  {
    host: filled('the name or address of the server').meta(
      help('Host', 'The name or address by which belt reaches the server.'),
    ),
    ip: optionalText('an IP address in quotes').meta(
      help('IP address', 'The address of the host, to spare looking it up. May be left out.'),
    ),
    db: filled('the name of the database on the server').meta(
      help('Database', 'The name of the database on the server.'),
    ),
    port: port.meta(help('Port', 'The port of the server, as a number or in quotes.')),
    root_user: user('Root user', 'A superuser (on RDS: rds_superuser) that can log in.'),
    owner_user: user('Owner', 'The role that owns all the tables that move. It must be able to log in.'),
    pglogical_user: user(
      'pglogical user',
      'The role that pglogical replicates as. belt creates it; choose a long random password.',
    ),
    other_users: z
      .array(otherUser, { error: 'wants a list of {"name": ..., "pw": null}, or null' })
      .nullish()
      .meta(
        help(
          'Other users',
          'Written by `belt revoke-logins`: the roles that lost LOGIN, for `belt restore-logins`. Start with null.',
        ),
      ),
    sslmode: z
      .enum(SSL_MODES, { error: `wants one of ${SSL_MODES.map((mode) => `"${mode}"`).join(', ')}` })
      .nullish()
      .meta(help('TLS', 'How the connection is encrypted, in the words of libpq. "prefer" unless given.')),
    sslrootcert: optionalText('the path of a certificate file').meta(
      help(
        'Root certificate',
        'Path of the certificates that the server is checked against with verify-ca and verify-full.',
      ),
    ),
    peer_host: optionalText('the name or address of the server, as the other server sees it').meta(
      help(
        'Host, for the other server',
        'How the other database server reaches this one, where that is not by `host`.',
      ),
    ),
    peer_port: port
      .nullish()
      .meta(help('Port, for the other server', 'The port that goes with `peer_host`, where it is not `port`.')),
  },
  { error: 'wants an object with host, port, db and users, or null' },
);

const names = (what: string) =>
  z.array(filled(`the name of a ${what}`), { error: `wants a list of names, such as ["first", "second"]` }).nullish();

const schemaWants = `the name of a schema, a list of names, or "${ALL_SCHEMAS}" for all`;
const schemaName = z
  .union([z.string(), z.array(filled('the name of a schema'))], { error: `wants ${schemaWants}` })
  .nullish();

/** One config.json, as it is written. Strict: a key that is not known is a fault. */
export const configSchema = z
  .strictObject(
    {
      $schema: optionalText('the path of a JSON Schema').meta(
        help('Schema', 'Path of the JSON Schema by which editors help.'),
      ),
      db: filled('the name of the folder that the file stands in').meta(
        help('Database', 'The name of this database in the project: the folder that this file stands in.'),
      ),
      dc: filled('the name of the datacenter folder').meta(
        help('Datacenter', 'The name of the datacenter: the folder above.'),
      ),
      schema_name: schemaName.meta(
        help(
          'Schema',
          'The schema that moves, a list of several, or "*" for all but the system\'s. "public" unless given.',
        ),
      ),
      src: sideSchema
        .nullable()
        .meta(help('Source', 'Where the data is now. May be null for commands that only need dst.')),
      dst: sideSchema
        .nullable()
        .meta(help('Destination', 'Where the data goes. May be null for commands that only need src.')),
      tables: names('table').meta(help('Tables', 'The tables that move. An empty list means all.')),
      sequences: names('sequence').meta(help('Sequences', 'The sequences that move. An empty list means all.')),
      exclude_users: names('role').meta(
        help('Excluded users', 'Roles whose logins `belt revoke-logins` leaves alone.'),
      ),
      exclude_patterns: z
        .array(filled('a LIKE pattern'), { error: 'wants a list of LIKE patterns, such as ["svc_%"]' })
        .nullish()
        .meta(help('Excluded patterns', 'LIKE patterns of roles whose logins `belt revoke-logins` leaves alone.')),
    },
    { error: 'wants an object with db, dc, src and dst' },
  )
  .meta(help('belt config', 'One database that belt moves to another server.'));

/** A config.json as it is written, once it has passed the schema. */
export type WrittenConfig = z.output<typeof configSchema>;

/** One side as it is written. */
export type WrittenSide = z.output<typeof sideSchema>;

/**
 * The JSON Schema of config.json, by which editors complete and check. Made anew at each call, for it takes time.
 * Draft 7, which every editor knows; the two keys besides it tell VS Code what belt lets stand in the file.
 */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, allowComments: true, allowTrailingCommas: true };
}
