/**
 * What a resolver is: the default export of an ES module that a file in remote-configs names, or its export `resolve`.
 *
 *     /** @type {import('pgbelt').SideResolver} *\/
 *     export default async function ({ db, side, config, signal }) {
 *       const secret = await fetchSecret(`${db}-${side}`, { region: config.region, signal });
 *       return { host: secret.host, port: secret.port, db: secret.dbname, root_user: ..., owner_user: ..., pglogical_user: ... };
 *     }
 *
 * belt calls it once for each side that `configs/` lacks, each time in a thread of its own, and keeps what it gives in
 * configs/DC/DB/config.json. It has 60 seconds. What it prints is dropped; to be heard it throws an Error, whose message
 * is shown to people and must hold no secret.
 */
export type SideResolver = (request: ResolverRequest) => Promise<ResolvedSide> | ResolvedSide;

/** What a resolver is told. */
export interface ResolverRequest {
  /** The datacenter: the folder in remote-configs/. */
  readonly dc: string;
  /** The database: the folder in remote-configs/DC/. */
  readonly db: string;
  /** Which side is wanted: the source or the destination. */
  readonly side: 'src' | 'dst';
  /** `resolver_config` of the file, and over it `src_resolver_config` or `dst_resolver_config`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Aborts when the 60 seconds are over; hand it to whatever may wait. */
  readonly signal: AbortSignal;
}

/** A role with its password, or with the name of the environment variable that holds it. */
export interface ResolvedUser {
  name: string;
  pw: string | { env: string };
}

/**
 * What a resolver gives: the side as it would stand under `src` or `dst` in config.json. Whatever it holds is written to
 * that file, passwords too; `{ env: 'NAME' }` in place of a password keeps it out.
 */
export interface ResolvedSide {
  host: string;
  ip?: string | null | undefined;
  /** The database's name on the server. */
  db: string;
  port: number | string;
  root_user: ResolvedUser;
  owner_user: ResolvedUser;
  pglogical_user: ResolvedUser;
  other_users?: { name: string; pw?: string | { env: string } | null | undefined }[] | null | undefined;
  sslmode?: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | null | undefined;
  sslrootcert?: string | null | undefined;
  /** How the other server reaches this one, where that is not by host and port. */
  peer_host?: string | null | undefined;
  peer_port?: number | string | null | undefined;
}
