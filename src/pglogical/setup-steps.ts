import type { SideName } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import { readTables, replicatedTables } from '../postgres/catalog/tables.js';
import { COPY_PROOF } from './copy-proof.js';
import { nodeName, REPLICATION_SET } from './direction.js';
import { extensionReady, makeExtension } from './extension.js';
import { makeNode, nodeReady } from './nodes.js';
import { fillSet, setReady } from './replication-sets.js';
import { makeRole, roleReady } from './role.js';

/** The steps that make one side a pglogical node: role, extension, node. */
export function nodeSteps(pair: Pair, name: SideName): Plan {
  const side = pair[name];
  const role: Step = {
    name: `create-role-${name}`,
    title: `create role ${side.config.pglogical_user.name} on the ${side.word}`,
    done: () => roleReady(side),
    run: () => makeRole(side),
  };
  const extension: Step = {
    name: `create-extension-${name}`,
    title: `create extension pglogical on the ${side.word}`,
    done: () => extensionReady(side),
    run: () => makeExtension(side),
  };
  const node: Step = {
    name: `create-node-${name}`,
    title: `create node ${nodeName(name)} on the ${side.word}`,
    done: () => nodeReady(side),
    run: () => makeNode(side),
  };
  return [role, extension, node];
}

/**
 * Puts a side's replicated tables into belt's replication set there.
 * @param withProof whether the table that proves pglogical's own copy goes with them
 */
export async function setupReplicationSet(pair: Pair, name: SideName, withProof: boolean): Promise<void> {
  const side = pair[name];
  // The source decides which tables replicate; the destination has the same ones.
  const tables = replicatedTables(await readTables(await pair.src.root(), await pair.schemas(), pair.config.tables));
  const members = withProof ? [...tables, COPY_PROOF] : tables;
  await pair.run([
    {
      name: `fill-replication-set-${name}`,
      title: `put the replicated tables into replication set ${REPLICATION_SET} on the ${side.word}`,
      done: () => setReady(side, members),
      run: () => fillSet(side, members),
    },
  ]);
}
