import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Role, Side } from '../pair/side.js';
import { ownedObjects } from '../postgres/catalog/owned-objects.js';
import { ident } from '../postgres/quote.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { roleNames } from './grant-roles.js';
import type { SchemaOrigin } from './origin.js';

/**
 * Who loads the schemas is the owner of all of it at first. Then what belongs to others on the source is given to them where
 * the destination has them, and the rest to the config's owner.
 */

export interface OwnerPlan {
  readonly changes: readonly { readonly object: string; readonly owner: string }[];
  /** Objects whose owner the destination does not have; they stay the config's owner's. */
  readonly left: readonly { readonly object: string; readonly owner: string }[];
}

/** Null where it is not known who owns what. Objects that somebody has given to others meanwhile are left alone. */
export async function ownerPlan(pair: Pair, origin: SchemaOrigin): Promise<OwnerPlan | null> {
  const from = await origin.owned();
  if (from === null) return null;
  const role = await roleNames(pair, origin);
  const { owner_user: owner, root_user: root } = pair.dst.config;
  const { names } = await pair.schemas();
  const to = new Map((await ownedObjects(await pair.dst.root(), names)).map((one) => [one.object, one.owner]));
  const there = from.flatMap(({ object, owner: theirs }) => {
    const current = to.get(object);
    const loaded = current === owner.name || current === root.name;
    return loaded ? [{ object, current, owner: theirs, here: role(theirs) }] : [];
  });
  return {
    changes: there.flatMap(({ object, current, here }) => {
      const wanted = here ?? owner.name;
      return wanted === current ? [] : [{ object, owner: wanted }];
    }),
    left: there.flatMap(({ object, owner: theirs, here }) => (here === null ? [{ object, owner: theirs }] : [])),
  };
}

/** @returns what was done, in a sentence. What root may not give away stays, and is named. */
export async function setOwners(pair: Pair, { changes, left }: OwnerPlan): Promise<string> {
  const dst = await pair.dst.root();
  const { superuser } = await dst.one<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  const statements = changes.map(({ object, owner }) => ({
    object,
    owner,
    sql: `ALTER ${object} OWNER TO ${ident(owner)}`,
  }));
  const refused: string[] = [];
  await dst.transaction(async () => {
    if (superuser) {
      // Thousands in one go: nothing is refused to a superuser.
      await dst.query(statements.map(({ sql }) => sql).join(';\n'));
      return;
    }
    for (const { object, owner, sql } of statements) {
      await dst.query('SAVEPOINT one');
      try {
        await dst.query(sql);
        await dst.query('RELEASE SAVEPOINT one');
      } catch (error) {
        if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.insufficientPrivilege) throw error;
        await dst.query('ROLLBACK TO SAVEPOINT one');
        refused.push(`${object} to "${owner}"`);
      }
    }
  });
  const given = `gave ${String(changes.length - refused.length)} objects to their owners`;
  return [
    given,
    ...(refused.length === 0 ? [] : [`root may not give ${refused.join(', ')}`]),
    ...(left.length === 0 ? [] : [`LEFT with "${pair.dst.config.owner_user.name}": ${describeLeft({ left })}`]),
  ].join('; ');
}

/** `TABLE shop.a, VIEW shop.b of "anna"`. */
export function describeLeft({ left }: Pick<OwnerPlan, 'left'>): string {
  const byOwner = new Map<string, string[]>();
  for (const { object, owner } of left) byOwner.set(owner, [...(byOwner.get(owner) ?? []), object]);
  return [...byOwner].map(([owner, objects]) => `${objects.join(', ')} of "${owner}"`).join('; ');
}

/** As whom belt changes tables: their owner, or root where they belong to several and root may. */
export async function builder(side: Side, schemas: readonly string[]): Promise<Role> {
  const { others } = await (
    await side.root()
  ).one<{ others: boolean }>(
    `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND EXISTS (
              SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'm') AND pg_get_userbyid(c.relowner) <> $2
              UNION ALL
              SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               WHERE n.nspname = ANY ($1::text[]) AND t.typtype = 'd' AND pg_get_userbyid(t.typowner) <> $2) AS others`,
    [schemas, side.config.owner_user.name],
  );
  return others ? 'root' : 'owner';
}
