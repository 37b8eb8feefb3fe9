import { RefusedError, type SideName } from '../errors.js';
import type { Side } from '../pair/side.js';
import { hasPglogical } from './extension.js';
import { nodeName } from './direction.js';

interface LocalNode {
  name: string;
  dsn: string;
}

async function localNode(side: Side): Promise<LocalNode | null> {
  const session = await side.root();
  if (!(await hasPglogical(session))) return null;
  const [row] = await session.query<LocalNode>(
    `SELECT n.node_name AS name, i.if_dsn AS dsn
       FROM pglogical.local_node l
       JOIN pglogical.node n USING (node_id)
       JOIN pglogical.node_interface i ON i.if_id = l.node_local_interface`,
  );
  return row ?? null;
}

/**
 * @returns why there is nothing to do, or null when the node must be made
 * @throws RefusedError when the database is a pglogical node already, but not belt's or not with these settings
 */
export async function nodeReady(side: Side): Promise<string | null> {
  const wanted = nodeName(side.name);
  const node = await localNode(side);
  if (node === null) return null;
  if (node.name !== wanted) {
    throw new RefusedError(`the ${side.toString()} is already the pglogical node "${node.name}", not "${wanted}"`, {
      hint: otherNodeHint(side.name, node.name),
      detail: { side: side.name, object: node.name },
    });
  }
  if (node.dsn !== side.peerConninfo()) {
    if (await unused(side)) return null;
    throw new RefusedError(
      `node "${wanted}" of the ${side.toString()} was made with other connection settings than the config's`,
      {
        hint:
          `Put back the host, port, database and pglogical password that it was made with, or remove the node on that ` +
          `database (SELECT pglogical.drop_node('${wanted}')) and run the same command again.`,
        detail: { side: side.name, object: wanted },
      },
    );
  }
  return `node ${wanted} is there`;
}

/** What to do about a node of another name, which the database is already. */
export function otherNodeHint(side: SideName, node: string): string {
  const onSource = side === 'src';
  return node === nodeName(onSource ? 'dst' : 'src')
    ? 'Source and destination are the wrong way round in the config, or an earlier migration was not cleaned up. ' +
        (onSource
          ? 'What one left here, "belt cleanup-previous-config" removes.'
          : 'Its own config takes it away, with "belt teardown".')
    : 'Something else replicates this database with pglogical. A database can be one node only: remove that one first' +
        (onSource ? ' ("belt cleanup-previous-config --force", if it is of no use any more).' : '.');
}

/** Makes the side's node; one that was made with other settings, and by which nothing replicates yet, is replaced. */
export async function makeNode(side: Side): Promise<string | undefined> {
  const session = await side.root();
  const name = nodeName(side.name);
  const old = await localNode(side);
  await session.transaction(async () => {
    if (old !== null) await session.query('SELECT pglogical.drop_node($1)', [old.name]);
    await session.query('SELECT pglogical.create_node(node_name := $1, dsn := $2)', [name, side.peerConninfo()]);
  });
  return old === null ? undefined : "made anew with the config's connection settings";
}

/** Whether nothing replicates by the side's node: it has no subscription, and nobody has subscribed to it. */
async function unused(side: Side): Promise<boolean> {
  const session = await side.root();
  const { free } = await session.one<{ free: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM pglogical.subscription)
        AND NOT EXISTS (SELECT FROM pg_replication_slots
                         WHERE database = current_database() AND plugin = 'pglogical_output') AS free`,
  );
  return free;
}
