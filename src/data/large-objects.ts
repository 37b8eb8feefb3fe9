import { CheckFailedError, RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { makeDurable } from '../postgres/durable.js';
import { ident, literal } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { ignoredRoles, roleNames } from '../schema/grant-roles.js';
import { sourceOrigin } from '../schema/origin.js';
import { privilegePlan } from '../schema/privilege-plan.js';
import type { ObjectPrivileges } from '../postgres/catalog/object-privileges.js';
import { formatBytes } from '../bytes.js';
import { copyQuery } from './copy-stream.js';

/** What became of the large objects. */
export interface LargeObjectsResult {
  source: number;
  destination: number;
  copied: number;
  bytes: number;
}

/** Bytes read and written at once. */
const CHUNK = 1024 * 1024;
/** Pages of 2 kB are what the server keeps them in. */
const PAGES = CHUNK / 2048;
/** What one transaction brings over, at most (a single object may be larger). */
const BATCH_BYTES = 64 * CHUNK;
const BATCH_OBJECTS = 1000;

interface LargeObject {
  readonly oid: number;
  readonly bytes: number;
  readonly comment: string | null;
  readonly owner: string;
  readonly entries: ObjectPrivileges['entries'];
}

/** Numbers of 32 bits, which a JavaScript number holds. */
async function list(session: Session): Promise<LargeObject[]> {
  return session.query<LargeObject>(
    `SELECT m.oid::int8::float8 AS oid, pg_get_userbyid(m.lomowner) AS owner, obj_description(m.oid, 'pg_largeobject') AS comment,
            coalesce((SELECT count(*) FROM pg_largeobject p WHERE p.loid = m.oid), 0)::float8 * 2048 AS bytes,
            coalesce((SELECT jsonb_agg(jsonb_build_object('privilege', x.privilege_type, 'grantable', x.is_grantable,
                               'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
                               'grantor', pg_get_userbyid(x.grantor)) ORDER BY x.n)
                        FROM aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) WITH ORDINALITY
                             AS x(grantor, grantee, privilege_type, is_grantable, n)), '[]') AS entries
       FROM pg_largeobject_metadata m ORDER BY m.oid`,
  );
}

/** The oids as a parameter. */
const oids = (objects: readonly { readonly oid: number }[]): string => `{${objects.map(({ oid }) => oid).join(',')}}`;

/** A digest of each object's contents, by pieces, so that none has to be in memory as a whole. */
async function digests(session: Session, objects: readonly { readonly oid: number }[]): Promise<Map<number, string>> {
  const rows = await session.query<{ oid: number; digest: string }>(
    `SELECT o.oid::int8::float8 AS oid,
            (SELECT md5(coalesce(string_agg(c.n || ':' || md5(lo_get(o.oid, c.n * ${CHUNK}, ${CHUNK})), ',' ORDER BY c.n), ''))
               FROM (SELECT DISTINCT pageno / ${PAGES} AS n FROM pg_largeobject WHERE loid = o.oid) p,
                    LATERAL (SELECT p.n::int8) c(n)) AS digest
       FROM unnest($1::oid[]) o(oid)`,
    [oids(objects)],
  );
  return new Map(rows.map(({ oid, digest }) => [oid, digest]));
}

/** How many there are; one query on a database that has none. */
async function count(session: Session): Promise<number> {
  const { count: found } = await session.one<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_largeobject_metadata',
  );
  return found;
}

/** @throws RefusedError where root may not read the pages of large objects */
async function requireReadable(pair: Pair, session: Session): Promise<void> {
  const { may } = await session.one<{ may: boolean }>(
    `SELECT has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') AS may`,
  );
  if (may) return;
  throw new RefusedError(`root may not read the large objects of the ${pair[session.address.side].toString()}`, {
    hint: 'Name a superuser as root_user in the config (or GRANT SELECT ON pg_catalog.pg_largeobject TO it), or carry them with pg_dump --large-objects.',
    detail: { side: session.address.side },
  });
}

/**
 * Copies the source's large objects under their numbers, with owners, grants and comments, and compares the contents of
 * all. Those that are there already and equal are left; nobody may write to them meanwhile.
 * @throws CheckFailedError naming those that are another on the destination, which are left alone
 */
async function copyLargeObjects(pair: Pair, progress: (text: string) => void): Promise<LargeObjectsResult> {
  return pair.withSessions(
    1,
    async ({ src: [src], dst: [dst] }) => {
      if (src === undefined || dst === undefined) throw new Error('there is no session');
      await Promise.all([requireReadable(pair, src), requireReadable(pair, dst)]);
      const [from, to] = await Promise.all([list(src), list(dst)]);
      const there = new Set(to.map(({ oid }) => oid));
      const missing = from.filter(({ oid }) => !there.has(oid));
      const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
      const fix = await attributes(pair);
      await dst.query('CREATE TEMPORARY TABLE belt_large_object (oid oid, at int8, data bytea)');
      let done = 0;
      for (const batch of batches(missing)) {
        await dst.transaction(async () => {
          await copyBatch(src, dst, batch);
          const statements = fix(batch, new Map(), dst.address.user);
          if (statements.length > 0) await dst.query(statements.join(';\n'));
        });
        done += batch.reduce((sum, { bytes }) => sum + bytes, 0);
        progress(`${formatBytes(done)} of ${formatBytes(total)}`);
      }
      // What an earlier run has copied may lack what somebody has granted since.
      const later = fix(
        from.filter(({ oid }) => there.has(oid)),
        new Map(to.map((one) => [one.oid, one])),
        dst.address.user,
      );
      if (later.length > 0) await dst.transaction(() => dst.query(later.join(';\n')));
      if (missing.length > 0) await makeDurable(dst);
      progress('comparing their contents');
      const [ours, theirs] = await Promise.all([digests(src, from), digests(dst, from)]);
      const different = from.filter(({ oid }) => ours.get(oid) !== theirs.get(oid)).map(({ oid }) => oid);
      if (different.length > 0) throw differ(pair, different);
      return { source: from.length, destination: await count(dst), copied: missing.length, bytes: total };
    },
    { statementTimeout: 0 },
  );
}

function differ(pair: Pair, different: readonly number[]): CheckFailedError {
  return new CheckFailedError(
    `${different.length} large objects have other contents in the ${pair.dst.toString()} than on the source: ${different.slice(0, 10).join(', ')}`,
    {
      hint: 'Find out where they come from. If they may go, SELECT lo_unlink(...) them on the destination and run the same command again.',
      detail: { side: 'dst', large_objects: different.slice(0, 100) },
    },
  );
}

function* batches(objects: readonly LargeObject[]): Generator<LargeObject[]> {
  let batch: LargeObject[] = [];
  let bytes = 0;
  for (const one of objects) {
    if (batch.length > 0 && (bytes + one.bytes > BATCH_BYTES || batch.length === BATCH_OBJECTS)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += one.bytes;
  }
  if (batch.length > 0) yield batch;
}

/** Within a transaction of the destination. Pieces in which nothing was ever written stay holes. */
async function copyBatch(src: Session, dst: Session, batch: readonly LargeObject[]): Promise<void> {
  await dst.query('TRUNCATE belt_large_object');
  await copyQuery(
    src,
    dst,
    `SELECT p.loid, p.n * ${CHUNK}, lo_get(p.loid, p.n * ${CHUNK}, ${CHUNK})
       FROM (SELECT DISTINCT loid, (pageno / ${PAGES})::int8 AS n FROM pg_largeobject
              WHERE loid = ANY (${literal(oids(batch))}::oid[])) p`,
    'belt_large_object (oid, at, data)',
  );
  await dst.query('SELECT count(lo_create(oid)) FROM unnest($1::oid[]) oid', [oids(batch)]);
  await dst.query('SELECT count(lo_put(oid, at, data)) FROM belt_large_object');
}

/** Writes what gives large objects their owners, grants and comments, as far as they lack them. */
async function attributes(
  pair: Pair,
): Promise<(wanted: readonly LargeObject[], has: ReadonlyMap<number, LargeObject>, maker: string) => string[]> {
  const role = await roleNames(pair, sourceOrigin(pair));
  const context = { role, ignored: ignoredRoles(pair), unknown: [], exact: false };
  return (wanted, has, maker) =>
    wanted.flatMap((one) => {
      const object = `LARGE OBJECT ${one.oid}`;
      const there = has.get(one.oid);
      const owner = role(one.owner) ?? pair.dst.config.owner_user.name;
      // A new owner takes what the old one had.
      const entries =
        there?.entries ??
        (['SELECT', 'UPDATE'] as const).map((privilege) => ({
          grantee: owner,
          grantor: owner,
          privilege,
          grantable: false,
        }));
      const from = { object, column: null, owner: one.owner, entries: one.entries };
      const to = { object, column: null, owner: there?.owner ?? owner, entries };
      return [
        ...(there === undefined && owner !== maker ? [`ALTER ${object} OWNER TO ${ident(owner)}`] : []),
        ...privilegePlan([from], [to], context).map(({ sql, as }) =>
          as === null ? sql : `SET LOCAL ROLE ${ident(as)}; ${sql}; RESET ROLE`,
        ),
        ...(one.comment !== null && there?.comment !== one.comment
          ? [`COMMENT ON ${object} IS ${literal(one.comment)}`]
          : []),
      ];
    });
}

/** @param wanted whether they are copied; else it is but said that there are some */
export function largeObjectsStep(
  pair: Pair,
  wanted: boolean,
  keep: (result: LargeObjectsResult) => void = () => undefined,
): Step {
  return {
    name: 'copy-large-objects',
    title: 'copy the large objects of the source',
    done: async () => {
      const { src, dst } = await pair.roots();
      const source = await count(src);
      if (source === 0) return 'there are none';
      if (wanted) return null;
      const destination = await count(dst);
      return `NOT COPIED without --large-objects: the source has ${source}, the destination ${destination}`;
    },
    run: async (progress) => {
      const result = await copyLargeObjects(pair, progress);
      keep(result);
      return `copied ${result.copied} of ${result.source} (${formatBytes(result.bytes)}); the contents of all are equal`;
    },
  };
}
