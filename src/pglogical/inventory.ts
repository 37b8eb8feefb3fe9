import type { SideName } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { hasPglogical } from './extension.js';
import { EMPTY_SET, nodeName, REPLICATION_SET, SUBSCRIPTIONS } from './direction.js';

/** All that pglogical has in one database. */
export interface Inventory {
  /** Whether the extension is there at all. */
  readonly extension: boolean;
  /** The database's own node. */
  readonly node: string | null;
  readonly subscriptions: readonly { readonly name: string; readonly status: string; readonly slot: string }[];
  /** Replication sets that belt or somebody else made, and those of pglogical's own that hold tables. */
  readonly sets: readonly string[];
  /** Slots of this database by which others read its changes. */
  readonly slots: readonly { readonly name: string; readonly active: boolean }[];
}

/** Sets that pglogical itself makes with every node. */
const OWN_SETS = ['default', 'default_insert_only', 'ddl_sql'];

/** Sets that belt makes. */
export const BELT_SETS: readonly string[] = [REPLICATION_SET, EMPTY_SET];

/** Names of nodes by belt and by the tool before it. */
const KNOWN_NODES: readonly string[] = [nodeName('src'), nodeName('dst'), REPLICATION_SET];

/** How the names of belt's slots end, whatever the subscriber's database is called. Source: pglogical's gen_slot_name. */
export const SLOT_ENDINGS = {
  forward: `_${nodeName('src')}_${SUBSCRIPTIONS.forward}`,
  back: `_${nodeName('dst')}_${SUBSCRIPTIONS.back}`,
} as const;

/** Reads it; empty where the extension is not there, but for slots, which outlive it. */
export async function readInventory(session: Session): Promise<Inventory> {
  const slots = await session.query<{ name: string; active: boolean }>(
    `SELECT slot_name AS name, active FROM pg_replication_slots
      WHERE database = current_database() AND plugin IN ('pglogical_output', 'pglogical') AND NOT temporary ORDER BY 1`,
  );
  if (!(await hasPglogical(session))) return { extension: false, node: null, subscriptions: [], sets: [], slots };
  const { node, subscriptions, sets } = await session.one<Pick<Inventory, 'node' | 'subscriptions' | 'sets'>>(
    `SELECT (SELECT n.node_name::text FROM pglogical.local_node l JOIN pglogical.node n USING (node_id)) AS node,
            (SELECT coalesce(json_agg(json_build_object('name', s.sub_name, 'slot', s.sub_slot_name, 'status', st.status)
                                      ORDER BY s.sub_name), '[]')
               FROM pglogical.subscription s
              CROSS JOIN LATERAL pglogical.show_subscription_status(s.sub_name) st) AS subscriptions,
            ARRAY(SELECT r.set_name::text FROM pglogical.replication_set r
                   WHERE r.set_name <> ALL ($1)
                      OR EXISTS (SELECT FROM pglogical.replication_set_table t WHERE t.set_id = r.set_id)
                   ORDER BY 1) AS sets`,
    [OWN_SETS],
  );
  return { extension: true, node, subscriptions, sets, slots };
}

/** The name of the slot by which a database of that name subscribes to this one. */
async function ownSlot(session: Session, subscriberDatabase: string, provider: SideName): Promise<string> {
  const { slot } = await session.one<{ slot: string }>(
    'SELECT pglogical.pglogical_gen_slot_name($1, $2, $3)::text AS slot',
    [subscriberDatabase, nodeName(provider), provider === 'src' ? SUBSCRIPTIONS.forward : SUBSCRIPTIONS.back],
  );
  return slot;
}

/**
 * The slots of this side by which others than the other side's database read it: those of another migration.
 * @param subscriberDatabase the other side's
 */
export async function slotsOfOthers(
  session: Session,
  { extension, slots }: Inventory,
  provider: SideName,
  subscriberDatabase: string,
): Promise<string[]> {
  if (!extension || slots.length === 0) return [];
  const own = await ownSlot(session, subscriberDatabase, provider);
  return slots.filter(({ name }) => name !== own && isKnownSlot(name)).map(({ name }) => `replication slot "${name}"`);
}

function isKnownSlot(name: string): boolean {
  return Object.values(SLOT_ENDINGS).some((ending) => name.endsWith(ending));
}

/** What in it neither belt nor the tool before it made, each as `kind "name"`. */
export function foreignParts({ node, subscriptions, sets, slots }: Inventory): string[] {
  return [
    ...(node === null || KNOWN_NODES.includes(node) ? [] : [`node "${node}"`]),
    ...subscriptions
      .filter(({ name }) => name !== SUBSCRIPTIONS.forward && name !== SUBSCRIPTIONS.back)
      .map(({ name }) => `subscription "${name}"`),
    ...sets.filter((name) => !BELT_SETS.includes(name)).map((name) => `replication set "${name}"`),
    ...slots.filter(({ name }) => !isKnownSlot(name)).map(({ name }) => `replication slot "${name}"`),
  ];
}
