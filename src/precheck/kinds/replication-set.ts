import { REPLICATION_SET } from '../../pglogical/direction.js';
import { defineKind, type KindQuery } from '../kind.js';
import { counted, some } from './statements.js';

interface Held {
  name: string;
  tables: string[];
}

const HELD: KindQuery = ({ pglogical }) =>
  pglogical
    ? `SELECT s.set_name AS name, array_agg(rel.object ORDER BY rel.object) AS tables
         FROM pglogical.replication_set s
         JOIN pglogical.local_node l ON l.node_id = s.set_nodeid
         JOIN pglogical.replication_set_table t ON t.set_id = s.set_id
         JOIN rel ON rel.oid = t.set_reloid
        WHERE s.set_name <> '${REPLICATION_SET}'
        GROUP BY s.set_name`
    : null;

/** Tables that something else replicates with pglogical as well. */
export const replicationSet = defineKind<Held>({
  code: 'other-replication-set',
  severity: 'warn',
  means: 'A pglogical replication set of something else holds tables of the schema.',
  src: HELD,
  dst: HELD,
  judge: (_, answers) =>
    (['src', 'dst'] as const).flatMap((side) =>
      answers[side].map(({ name, tables }) => ({
        side,
        object: `replication set ${name}`,
        problem: `of something else holds ${counted(tables.length, 'table')} of the schema: ${some(tables)}`,
        remedy:
          'Who replicates by it must move to the destination after the cutover. If it is of no use any more: ' +
          `SELECT pglogical.drop_replication_set('${name.replaceAll("'", "''")}');`,
      })),
    ),
});
