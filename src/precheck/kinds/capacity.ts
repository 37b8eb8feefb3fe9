import { SLOT_ENDINGS } from '../../pglogical/inventory.js';
import { literal } from '../../postgres/quote.js';
import { NO_BACKGROUND_WORKERS } from '../../pglogical/diagnosis/server.js';
import type { Facts } from '../facts.js';
import { defineKind, type Found, type KindQuery } from '../kind.js';
import { databasesOn, type Configured } from '../neighbours.js';

/**
 * Whether a server has slots, senders and workers enough for all databases of the datacenter that are configured on it.
 * Each database needs one slot, with its sender, for each direction in which it sends; and for each database a manager
 * and, while it receives, an apply worker. Source: pglogical_worker.c, pglogical_sync.c.
 */

interface Usage {
  max: number;
  /** How many are taken, by whomever. */
  used: number;
  /** Databases, by name, that have theirs already, one entry each. */
  have: (string | null)[];
}

type Need = (one: Configured) => number;

interface Resource {
  readonly setting: string;
  readonly what: string;
  readonly need: Need;
  /** What the server needs once, whatever databases it has. */
  readonly extra: Readonly<Record<'src' | 'dst', number>>;
}

const endings = Object.values(SLOT_ENDINGS)
  .map((ending) => `slot_name LIKE ${literal(`%${ending.replaceAll('_', '\\_')}`)}`)
  .join(' OR ');

const SLOTS: KindQuery = () =>
  `SELECT current_setting('max_replication_slots')::int AS max, count(*)::int AS used,
          coalesce(array_agg(database) FILTER (WHERE ${endings}), '{}') AS have FROM pg_replication_slots`;

const SENDERS: KindQuery = () =>
  `SELECT current_setting('max_wal_senders')::int AS max,
          (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'walsender') AS used,
          coalesce((SELECT array_agg(database) FROM pg_replication_slots WHERE active AND (${endings})), '{}') AS have`;

const WORKERS: KindQuery = () =>
  `SELECT current_setting('max_worker_processes')::int AS max,
          count(*) FILTER (WHERE backend_type NOT IN (${NO_BACKGROUND_WORKERS.map(literal).join(', ')}))::int AS used,
          coalesce(array_agg(datname) FILTER (WHERE application_name LIKE 'pglogical manager%' OR application_name LIKE 'pglogical apply%'), '{}') AS have
     FROM pg_stat_activity`;

async function shortage(
  facts: Facts,
  answers: Readonly<Record<'src' | 'dst', readonly Usage[]>>,
  resource: Resource,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of ['src', 'dst'] as const) {
    const [usage] = answers[name];
    if (usage === undefined) continue;
    const { config } = facts[name].side;
    const databases = await databasesOn(facts.pair, config);
    const missing = missingFor(databases, usage, { need: resource.need, extra: resource.extra[name] });
    if (missing <= usage.max - usage.used) continue;
    const server = `${config.host}:${config.port}`;
    found.push({
      side: name,
      object: `${resource.setting} of ${server}`,
      problem: `is ${usage.max}, of which ${usage.used} are in use: ${missing} more ${resource.what} are needed for the ${databases.length === 1 ? 'database' : `${databases.length} databases`} of the datacenter on that server`,
      remedy: `Set ${resource.setting} = ${Math.max(20, usage.used + missing)} or more and restart the server.`,
    });
  }
  return found;
}

/** How many more are needed than there are. */
export function missingFor(
  databases: readonly Configured[],
  { have }: Usage,
  { need, extra }: Pick<Resource, 'need'> & { readonly extra: number },
): number {
  const left = new Map<string, number>();
  for (const database of have) if (database !== null) left.set(database, (left.get(database) ?? 0) + 1);
  let missing = 0;
  for (const one of databases) {
    const has = left.get(one.database) ?? 0;
    const needs = need(one);
    missing += Math.max(0, needs - has);
    left.set(one.database, Math.max(0, has - needs));
  }
  return missing === 0 ? 0 : missing + extra;
}

/** While a copy takes its snapshot; several databases wait for each other there. */
const PASSING = { src: 1, dst: 0 } as const;

const SLOT: Resource = { setting: 'max_replication_slots', what: 'replication slots', need: () => 1, extra: PASSING };
const SENDER: Resource = { setting: 'max_wal_senders', what: 'senders', need: () => 1, extra: PASSING };
/** A manager and an apply worker: either side receives, in one direction or the other. */
const WORKER: Resource = { setting: 'max_worker_processes', what: 'workers', need: () => 2, extra: { src: 0, dst: 0 } };

const slots = defineKind<Usage>({
  code: 'slots-short',
  severity: 'fail',
  means: 'max_replication_slots does not suffice for all databases of the datacenter on that server together.',
  accept: 'setup goes on; it fails for the database for which no slot is left.',
  src: SLOTS,
  dst: SLOTS,
  judge: (facts, answers) => shortage(facts, answers, SLOT),
});

const senders = defineKind<Usage>({
  code: 'senders-short',
  severity: 'fail',
  means: 'max_wal_senders does not suffice for all databases of the datacenter on that server together.',
  accept: 'setup goes on; replication is down for the database for which no sender is left.',
  src: SENDERS,
  dst: SENDERS,
  judge: (facts, answers) => shortage(facts, answers, SENDER),
});

const workers = defineKind<Usage>({
  code: 'workers-short',
  severity: 'fail',
  means: 'max_worker_processes does not suffice for all databases of the datacenter on that server together.',
  accept: 'setup goes on; replication is down for the database for which no worker is left.',
  src: WORKERS,
  dst: WORKERS,
  judge: (facts, answers) => shortage(facts, answers, WORKER),
});

export const CAPACITY_KINDS = [slots, senders, workers];
