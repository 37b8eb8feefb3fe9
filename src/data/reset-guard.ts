import { formatBytes } from '../bytes.js';
import { RefusedError } from '../errors.js';
import { exclusionsFor } from '../logins/exclusions.js';
import { loginState } from '../logins/roles.js';
import { clientSessions, describeSessions } from '../logins/sessions.js';
import { requireTwoDatabases } from '../pair/identity.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { proofTableThere } from '../pglogical/copy-proof.js';
import { readOwnCopy } from '../pglogical/copy-state.js';
import { back, forward, nodeName } from '../pglogical/direction.js';
import { readInventory } from '../pglogical/inventory.js';
import { readSubscription } from '../pglogical/state.js';
import type { Session } from '../postgres/session.js';
import { readTables } from '../postgres/catalog/tables.js';
import { tablesBytes } from '../postgres/catalog/sizes.js';
import { readMovedTables } from './empty-tables.js';

/**
 * What stands between `belt reset` and a destination that is the live database by now. Emptying that one would lose what
 * the application has written since the cutover, so the servers are asked for every sign of a cutover.
 */

/** Proves that the sides are this migration's, and not swapped; --force does not change that. */
export function sidesStep(pair: Pair): Step {
  return {
    name: 'check-sides',
    title: 'check by the servers which side is the source and which the destination',
    readOnly: true,
    run: async () => {
      const apart = await requireTwoDatabases(pair);
      const { src, dst } = await pair.roots();
      const [from, to] = await Promise.all([readInventory(src), readInventory(dst)]);
      const subscribed = (inventory: typeof from, name: string): boolean =>
        inventory.subscriptions.some((one) => one.name === name);
      if (
        from.node === nodeName('dst') ||
        to.node === nodeName('src') ||
        subscribed(from, forward(pair).subscription) ||
        subscribed(to, back(pair).subscription)
      ) {
        throw new RefusedError(
          `the sides of "${pair.db}" are swapped: the ${pair.src.toString()} is pglogical node ${from.node ?? 'none'}, ` +
            `the ${pair.dst.toString()} is ${to.node ?? 'none'}; belt calls the source ${nodeName('src')} and the destination ${nodeName('dst')}`,
          {
            hint: 'Put "src" and "dst" of the config the right way round. What an earlier migration left is removed by "belt cleanup-previous-config".',
            detail: { src_node: from.node, dst_node: to.node },
          },
        );
      }
      const { filled } = await readMovedTables(pair);
      if (to.node !== nodeName('dst') && filled.length > 0) {
        throw new RefusedError(
          `nothing shows that the ${pair.dst.toString()} is this migration's destination: it is not pglogical node ${nodeName('dst')}, ` +
            `and ${String(filled.length)} of its tables hold rows`,
          {
            hint: 'There is no migration to set back here. Look at the config; if the rows may go, empty the tables yourself (TRUNCATE).',
            detail: { side: 'dst', dst_node: to.node, tables: filled.map(({ label }) => label) },
          },
        );
      }
      return `${apart}; the source is node ${from.node ?? 'none'}, the destination ${to.node ?? 'none'}`;
    },
  };
}

/** Refuses when the destination may be in use as the live database, or holds all that the source has. */
export function beforeCutoverStep(pair: Pair, { force }: { readonly force: boolean }): Step {
  return {
    name: 'check-before-cutover',
    title: 'check that the application does not use the destination yet',
    readOnly: true,
    run: async () => {
      const { filled } = await readMovedTables(pair);
      if (filled.length === 0) return 'the destination holds no rows';
      const signs = await readSigns(pair);
      const rows =
        filled.length === 1
          ? '1 table of the destination holds rows'
          : `${String(filled.length)} tables of the destination hold rows`;
      const figures = `${rows}, ${signs.sizes}`;
      // After a cutover forward replication is gone: then --force is not enough, as long as anything else speaks for one.
      const live = signs.unconfigured && signs.others.length > 0;
      if (force && !live) return `${figures}; goes on, because of --force`;
      const found = [...(signs.ended === null ? [] : [signs.ended]), ...signs.others];
      const reasons = signs.large === null || force ? found : [...found, signs.large];
      if (reasons.length === 0) return figures;
      throw new RefusedError(`the ${pair.dst.toString()} may be more than a copy: ${reasons.join('; ')} (${figures})`, {
        hint: live
          ? 'This looks like after the cutover, when emptying the destination would lose what was written there. To start over all the ' +
            `same, ${signs.remedies.join(' and ')}; then --force goes on.`
          : 'If the source still is the live database, --force goes on: the rows of the destination are lost.',
        detail: { side: 'dst', reasons, ...signs.figures },
      });
    },
  };
}

interface Signs {
  /** Forward replication is not there, for whatever reason. */
  readonly unconfigured: boolean;
  /** Forward replication is gone, and not by a reset that did not come to its end; or null. */
  readonly ended: string | null;
  /** What else speaks for a cutover. */
  readonly others: readonly string[];
  /** What makes an end of each of those. */
  readonly remedies: readonly string[];
  /** The destination is as large as the source, or null. */
  readonly large: string | null;
  /** Both sizes, for people. */
  readonly sizes: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

async function readSigns(pair: Pair): Promise<Signs> {
  const src = await pair.src.root();
  const roles = (pair.src.config.other_users ?? []).map(({ name }) => name);
  const [logins, { subscription, unfinished, copying, sessions }] = await Promise.all([
    loginState(src, roles),
    readDestination(pair),
  ]);
  const roots = await pair.roots();
  const schemas = await pair.schemas();
  const only = pair.config.tables.length === 0 ? null : await readTables(roots.src, schemas, pair.config.tables);
  const bytes = (session: Session): Promise<number> => tablesBytes(session, schemas, only);
  const [srcBytes, dstBytes] = await Promise.all([bytes(roots.src), bytes(roots.dst)]);
  const revoked = [...logins].filter(([, login]) => !login).map(([name]) => name);
  const sizes = `${formatBytes(dstBytes)} there, ${formatBytes(srcBytes)} on the source`;
  return {
    unconfigured: subscription === null,
    ended: subscription === null && !unfinished ? 'forward replication is not configured any more' : null,
    others: [
      ...(revoked.length === 0 ? [] : [`roles of the source have lost LOGIN: ${revoked.join(', ')}`]),
      ...(Object.keys(sessions).length === 0
        ? []
        : [`clients are connected to the destination: ${describeSessions(sessions)}`]),
    ],
    remedies: [
      ...(Object.keys(sessions).length === 0 ? [] : ['end those sessions']),
      ...(revoked.length === 0 ? [] : ['give the source its logins back (belt restore-logins)']),
    ],
    large: dstBytes >= srcBytes && !copying ? 'it is as large as the source, or larger' : null,
    sizes,
    figures: {
      src_bytes: srcBytes,
      dst_bytes: dstBytes,
      forward_replication: subscription?.status ?? 'unconfigured',
      destination_sessions: sessions,
      revoked_roles: revoked,
    },
  };
}

async function readDestination(pair: Pair) {
  const dst = await pair.dst.root();
  const copy = await readOwnCopy(dst);
  return {
    subscription: await readSubscription(dst, forward(pair).subscription),
    unfinished: (await proofTableThere(dst)) || copy !== null,
    /** Rows are still to come: the destination cannot be in use, however large it is. */
    copying: copy !== null && copy.phase !== 'done',
    sessions: await clientSessions(dst, exclusionsFor(pair, undefined, pair.dst)),
  };
}
