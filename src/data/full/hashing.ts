import { randomBytes } from 'node:crypto';
import { QueryError } from '../../errors.js';
import type { Column } from '../../postgres/catalog/tables.js';
import { ident } from '../../postgres/quote.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { rowText, valueText } from '../row-text.js';

/** SQL for 64-bit hashes (int8) of rows and keys, the same on both servers. */
export interface Hashing {
  /** A hash over all values of a row. */
  row(alias: string, columns: readonly Pick<Column, 'name'>[]): string;
  /** A hash over the values of a key. */
  key(alias: string, columns: readonly KeyColumn[]): string;
}

export interface KeyColumn {
  readonly name: string;
  /** Whether it is a smallint, integer or bigint on both sides, which is hashed without being turned into text. */
  readonly integer: boolean;
}

/**
 * PostgreSQL's own hash functions, as hash joins use them: several times as fast as SHA-256. The seed is drawn anew for
 * every comparison, so that no two rows collide each time. The collation must be named: under one that is not
 * deterministic texts that differ would have the same hash.
 */
function ownHashing(seed: bigint): Hashing {
  const start = `'${String(seed)}'::int8`;
  return {
    row: (alias, columns) => `hashtextextended(${rowText(alias, columns)} COLLATE "C", ${start})`,
    // Each hash seeds the next one, which keeps ('a', 'bc') and ('ab', 'c') apart.
    key: (alias, columns) =>
      columns.reduce(
        (before, { name, integer }) =>
          integer
            ? `hashint8extended(${alias}.${ident(name)}, ${before})`
            : `hashtextextended(${valueText(alias, name)} COLLATE "C", ${before})`,
        start,
      ),
  };
}

/** For servers whose own hash functions give different values: 64 bits of SHA-256 over the text in UTF-8. */
function portableHashing(): Hashing {
  const hash = (text: string): string =>
    `('x' || encode(substr(sha256(convert_to(${text}, 'UTF8')), 1, 8), 'hex'))::bit(64)::int8`;
  return {
    row: (alias, columns) => hash(rowText(alias, columns)),
    key: (alias, columns) => hash(rowText(alias, columns)),
  };
}

/** Texts of all lengths that the hash functions treat differently, and those that are not ASCII. */
const PROBES = ['', 'a', 'abc', 'twelve bytes', 'x'.repeat(13), 'y'.repeat(5_000)];
const UNICODE_PROBES = ['é', 'naïve', '日本語', '🐘'.repeat(400), 'e\u0301', '\uffff'];
const PROBE_NUMBERS = ['0', '1', '-1', '2147483648', '-9223372036854775808', '9223372036854775807'];

/**
 * Chooses the fastest hash that gives the same values on both servers. Those of PostgreSQL's own functions may depend
 * on the order of bytes in the processor and on the encoding of the database, and could change with a version.
 */
export async function chooseHashing(src: Session, dst: Session): Promise<Hashing> {
  const hashing = ownHashing(BigInt.asIntN(64, randomBytes(8).readBigInt64BE()));
  const [a, b] = await Promise.all([probe(src, hashing), probe(dst, hashing)]);
  return a !== null && a === b ? hashing : portableHashing();
}

/** The encoding, and the hashes of some values; null where the functions are not there. */
async function probe(session: Session, hashing: Hashing): Promise<string | null> {
  const { encoding } = await session.one<{ encoding: string }>(`SELECT current_setting('server_encoding') AS encoding`);
  const texts = encoding === 'UTF8' ? [...PROBES, ...UNICODE_PROBES] : PROBES;
  const text = { name: 'text', integer: false };
  const number = { name: 'number', integer: true };
  try {
    const { hashes } = await session.one<{ hashes: string }>(
      `SELECT string_agg(concat_ws(' ', ${hashing.row('p', [text])}, ${hashing.row('p', [text, number])},
                ${hashing.key('p', [number])}, ${hashing.key('p', [text, number])}), ';' ORDER BY p.place) AS hashes
       FROM (SELECT * FROM unnest($1::text[], $2::int8[]) WITH ORDINALITY AS u (text, number, place)) AS p`,
      [texts, PROBE_NUMBERS],
    );
    return `${encoding} ${hashes}`;
  } catch (error) {
    const lacking: readonly string[] = [SQLSTATE.undefinedFunction, SQLSTATE.insufficientPrivilege];
    if (error instanceof QueryError && lacking.includes(error.sqlstate)) return null;
    throw error;
  }
}
