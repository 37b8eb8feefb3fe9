import { ident, literal } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { some } from './statements.js';

/** PostgreSQL's own logical replication, out of the source and into it. */

interface Publication {
  name: string;
  all: boolean;
  schemas: string[];
  tables: string[];
  publish: string;
  via_root: boolean;
}

function createPublication({ name, all, schemas, tables, publish, via_root }: Publication): string {
  const objects = [
    ...(tables.length > 0 ? [`TABLE ${tables.join(', ')}`] : []),
    ...(schemas.length > 0 ? [`TABLES IN SCHEMA ${schemas.join(', ')}`] : []),
  ];
  const what = all ? ' FOR ALL TABLES' : objects.length > 0 ? ` FOR ${objects.join(', ')}` : '';
  const options = `publish = ${literal(publish)}${via_root ? ', publish_via_partition_root = true' : ''}`;
  return `CREATE PUBLICATION ${ident(name)}${what} WITH (${options});`;
}

const publication = defineKind<Publication, { name: string }>({
  code: 'publication',
  severity: 'warn',
  means: 'A publication of the source is not carried: who subscribes to it must move to one of the destination.',
  src: ({ major }) => {
    const since15 = major >= 15;
    const columns = `coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute a
                       WHERE a.attrelid = pr.prrelid AND a.attnum = ANY (pr.prattrs::int2[])), '')`;
    const rows = `coalesce(' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid) || ')', '')`;
    return `
      SELECT p.pubname AS name, p.puballtables AS all, p.pubviaroot AS via_root,
             concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                       CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
             ${since15 ? `ARRAY(SELECT quote_ident(n.nspname) FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid ORDER BY 1)` : `'{}'::text[]`} AS schemas,
             ARRAY(SELECT format('%I.%I', n.nspname, c.relname) ${since15 ? `|| ${columns} || ${rows}` : ''}
                     FROM pg_publication_rel pr JOIN pg_class c ON c.oid = pr.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE pr.prpubid = p.oid ORDER BY 1) AS tables
        FROM pg_publication p`;
  },
  dst: () => 'SELECT pubname AS name FROM pg_publication',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map((one) => ({
        side: 'src',
        object: `publication ${ident(one.name)}`,
        problem: 'is not carried: who subscribes to it gets nothing of what is written on the destination',
        remedy: `On the destination, before the application writes there: ${createPublication(one)}`,
      }));
  },
});

interface Subscription {
  name: string;
  enabled: boolean;
  slot: string | null;
  publications: string[];
}

const subscription = defineKind<Subscription>({
  code: 'subscription',
  severity: 'fail',
  means:
    "The source is a subscriber of PostgreSQL's own logical replication. pglogical does not send on what has come from elsewhere.",
  accept: 'Rows that come to the source by that subscription from setup on do not reach the destination.',
  src: () =>
    `SELECT subname AS name, subenabled AS enabled, subslotname AS slot, subpublications AS publications
       FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`,
  judge: (_, { src }) =>
    src.map(({ name, enabled, slot, publications }) => ({
      side: 'src',
      ...(enabled ? {} : { severity: 'warn' as const }),
      object: `subscription ${ident(name)}`,
      problem: enabled
        ? 'brings rows to the source that do not go on to the destination: pglogical does not send on what has come from elsewhere'
        : 'is not carried; it is disabled',
      remedy:
        (enabled ? `End it before setup, or hold it: ALTER SUBSCRIPTION ${ident(name)} DISABLE; ` : '') +
        `After the cutover, on the destination: CREATE SUBSCRIPTION ${ident(name)} CONNECTION '...' PUBLICATION ${publications
          .map(ident)
          .join(
            ', ',
          )} WITH (${slot === null ? 'slot_name = NONE, enabled = false, ' : ''}create_slot = ${slot === null ? 'false' : 'true'}, copy_data = false);`,
    })),
});

interface Other {
  names: string[];
}

/** The same by another pglogical subscription, of this node. */
const otherSubscription = defineKind<Other>({
  code: 'other-subscription',
  severity: 'fail',
  means: 'Another pglogical subscription brings rows to the source, which do not go on to the destination.',
  accept: 'Rows that come to the source by that subscription from setup on do not reach the destination.',
  src: ({ pglogical }) =>
    pglogical
      ? `SELECT array_agg(s.sub_name ORDER BY s.sub_name) AS names FROM pglogical.subscription s
          WHERE s.sub_name NOT IN ('pg1_pg2', 'pg2_pg1') AND s.sub_enabled HAVING count(*) > 0`
      : null,
  judge: (_, { src }) =>
    src.map(({ names }) => ({
      side: 'src',
      object: `pglogical subscription ${some(names.map(ident))}`,
      problem: 'brings rows to the source that do not go on to the destination',
      remedy: `End it before setup: ${names.map((name) => `SELECT pglogical.drop_subscription(${literal(name)});`).join(' ')}`,
    })),
});

export const PUBLICATION_KINDS = [subscription, otherSubscription, publication];
