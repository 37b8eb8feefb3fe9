/**
 * How far belt's copy of a database is at one moment: the run that copies tells it of itself, one that looks on reads it
 * from the servers. Bytes of tables are those on the source's disk.
 */
export interface CopyProgress {
  /** `preparing` until the source's snapshot is there, `keys` when all rows are, `catch-up` once pglogical brings changes. */
  readonly phase: 'preparing' | 'copying' | 'keys' | 'hand-over' | 'catch-up';
  readonly tables_done: number;
  readonly tables_total: number;
  readonly bytes_done: number;
  /** About as many: tables shrink and grow on their way. */
  readonly bytes_total: number;
  /** Of the last seconds; null until that is known. */
  readonly bytes_per_second: number | null;
  /** At that speed. */
  readonly seconds_left: number | null;
  /** Bytes per second on the wire, which --max-rate is about. */
  readonly wire_bytes_per_second: number | null;
  readonly jobs: number | null;
  /** Bytes per second; null without --max-rate. */
  readonly max_rate: number | null;
  /** Bytes of WAL that the slot keeps on the source's disk. */
  readonly wal_retained_bytes: number | null;
  /** How long the copy has kept a snapshot open on the source. */
  readonly snapshot_seconds: number | null;
  /** Whether that is so long that deleted rows pile up on the source. */
  readonly holds_back_vacuum: boolean;
  /** The tables that are being copied right now, the biggest first. */
  readonly at_work: readonly TableAtWork[];
  /** Null before they are built. */
  readonly keys: KeysAtWork | null;
  /** Bytes of WAL that pglogical has yet to bring; null before it does. */
  readonly wal_left_bytes: number | null;
  /** What the copy waits for, a sentence each: locks of others, servers that are gone. */
  readonly waits: readonly string[];
}

export interface TableAtWork {
  readonly name: string;
  readonly bytes_done: number;
  readonly bytes_total: number;
  readonly bytes_per_second: number | null;
  /** How many pieces of it are on their way. */
  readonly jobs: number;
}

/** The keys of the tables, which are built when the rows are there. */
export interface KeysAtWork {
  readonly done: number;
  readonly total: number;
  readonly at_work: readonly KeyAtWork[];
}

export interface KeyAtWork {
  readonly name: string;
  readonly table: string;
  /** From 0 to 1, of the pass over the table or the index that it is at; null where the server does not tell. */
  readonly share: number | null;
  /** PostgreSQL's word for what it is at: `building index: loading tuples in tree`. */
  readonly doing: string | null;
}
