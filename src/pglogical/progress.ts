import type { Pair } from '../pair/pair.js';
import type { Session } from '../postgres/session.js';

/** How much of the initial copy has arrived. */
export interface CopyProgress {
  srcBytes: number;
  dstBytes: number;
  /** 0 to 1; the destination has fewer indexes while it copies, so tables are compared without them. */
  fraction: number;
}

/** The size of the schema's tables on both sides, without indexes; with --tables only of those. */
export async function initialCopyProgress(pair: Pair): Promise<CopyProgress> {
  const { src, dst } = await pair.roots();
  const [srcBytes, dstBytes] = await Promise.all([tableBytes(src, pair), tableBytes(dst, pair)]);
  return { srcBytes, dstBytes, fraction: srcBytes === 0 ? 0 : Math.min(1, dstBytes / srcBytes) };
}

async function tableBytes(session: Session, pair: Pair): Promise<number> {
  const { bytes } = await session.one<{ bytes: number }>(
    `SELECT coalesce(sum(pg_table_size(c.oid)), 0)::float8 AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND (cardinality($2::text[]) = 0 OR c.relname = ANY ($2))`,
    [pair.schema, pair.config.tables],
  );
  return bytes;
}
