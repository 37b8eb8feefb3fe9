import type { TestNames } from '../harness/names.js';

/** SQL of one schema; what needs the names of this run's roles is a function. */
export type Sql = string | ((names: TestNames) => string);

/** An object that does not come over as it is, and how that is told. */
export interface Exception {
  /** What the checker calls it: `pg_class shop.log`, `comment on database x`; or what matches all of several. */
  readonly object: string | RegExp;
  /** How the checker words the difference. */
  readonly problem: RegExp;
  /**
   * `noted`: beyond belt's reach, and precheck says so. `known`: a fault of belt that is still to be mended. Either must
   * be there as it is described: one that has gone is a failure too.
   */
  readonly how: 'noted' | 'known';
  readonly why: string;
}

/** One database of the corpus: a small schema about one thing, with data, and with writes while it is moved. */
export interface CorpusSchema {
  /** The database's name in the project folder; the file is called so. */
  readonly name: string;
  /** What it is about. */
  readonly about: string;
  /** The schemas that move and are compared, the first with search_path; `shop` when left out. */
  readonly schemas?: readonly [string, ...string[]];
  /** Whether the config says "*": every schema of the database. */
  readonly all?: true;
  /** Options that this database needs of commands: it is moved by runs of its own then. */
  readonly options?: Readonly<Record<string, readonly string[]>>;
  /** Run on the source as superuser, in the database, before `make`. */
  readonly before?: Sql;
  /** The schema and its rows. Run on the source as owner. */
  readonly make: Sql;
  /** Run on the source as superuser, after `make`. */
  readonly after?: Sql;
  /** Run on the destination as superuser, before anything else. */
  readonly destination?: Sql;
  /**
   * What the application writes on the source, as owner: once while the first copy may still run, and again when both
   * directions replicate. `current_setting('corpus.round')` is 1 or 2.
   */
  readonly forward?: Sql;
  /** What the application writes on the destination after the cutover, as owner. */
  readonly back?: Sql;
  /** Tables, materialized views: what is written to them after the cutover does not reach the source. */
  readonly notBack?: readonly string[];
  /** Exceptions among the objects, rows (`rows of shop.t`) and sequences (`sequence shop.s`) of the destination. */
  readonly exceptions?: readonly Exception[];
  /** What precheck must name, as `object` of its findings. */
  readonly findings?: readonly string[];
  /** What commands say of this database, in the JSON. */
  readonly says?: readonly (readonly [command: string, text: RegExp])[];
  /** A command that fails: how far this database gets. */
  readonly fails?: {
    readonly command: string;
    readonly message: RegExp;
    /** The destination's major version from which on it fails; on earlier ones it must come over whole. */
    readonly since?: number;
    /** What precheck must have named before. */
    readonly findings?: readonly string[];
    readonly how: 'refused' | 'known';
    readonly why: string;
  };
}
