import { notValidConstraints } from '../postgres/catalog/constraints.js';
import { deferredIndexes } from '../postgres/catalog/indexes.js';
import { keyConstraints } from '../postgres/catalog/keys.js';
import { pglogicalTriggers } from '../postgres/catalog/triggers.js';
import type { ObjectName, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { CATALOG, leaveOut, type CatalogObject, type TocEntry } from './toc.js';

/** What the source's catalog says of the objects that are made after the data, or not at all. */
export interface Deferred {
  readonly indexes: readonly CatalogObject[];
  readonly constraints: readonly CatalogObject[];
  readonly foreign: readonly CatalogObject[];
  /** Keys of the tables that get them when their rows are there. */
  readonly keys: readonly CatalogObject[];
}

/**
 * Asks the source which objects the initial load leaves out.
 * @param keysLater the tables that get their keys when their rows are there
 */
export async function deferredObjects(
  source: Session,
  schemas: Schemas,
  keysLater: readonly ObjectName[] = [],
): Promise<Deferred> {
  const indexes = await deferredIndexes(source, schemas);
  const constraints = await notValidConstraints(source, schemas);
  const triggers = await pglogicalTriggers(source, schemas);
  const keys = keysLater.length === 0 ? [] : await keyConstraints(source, keysLater);
  return {
    indexes: indexes.map(({ oid }) => ({ classId: CATALOG.pg_class, oid })),
    constraints: constraints.map(({ oid }) => ({ classId: CATALOG.pg_constraint, oid })),
    keys: keys.filter(({ late }) => late).map(({ oid }) => ({ classId: CATALOG.pg_constraint, oid })),
    foreign: triggers.map((oid) => ({ classId: CATALOG.pg_trigger, oid })),
  };
}

/**
 * The entries that the owner loads before the data. Left out are, besides the deferred ones, the schemas themselves with their
 * comments and privileges, and default privileges: root takes care of those, from the catalog.
 */
export function initialEntries(entries: readonly TocEntry[], deferred: Deferred): TocEntry[] {
  const bySchema = entries.filter(({ classId }) =>
    [CATALOG.pg_namespace, CATALOG.pg_default_acl, CATALOG.pg_database].some((catalog) => catalog === classId),
  );
  const kept = leaveOut(entries, [
    ...deferred.indexes,
    ...deferred.constraints,
    ...deferred.keys,
    ...deferred.foreign,
    ...bySchema,
  ]);
  // pg_dump may write the privileges of schema public without an entry for the schema. No table's entry has this form:
  // theirs have a schema where this has a dash, and a kind before the name.
  return kept.filter(({ classId, label }) => classId !== 0 || !/^(ACL|COMMENT) - SCHEMA /.test(label));
}
