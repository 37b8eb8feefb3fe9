import { readDifferences, type KeyedTable, type SessionPair } from '../compare-keyed.js';
import type { Difference } from '../differences.js';
import type { Equals } from '../operators.js';
import { leastDiffering } from './buckets.js';
import type { FirstPass } from './first-pass.js';
import type { FullTable } from './full-table.js';
import type { Hashing } from './hashing.js';
import { describeRows } from './keyless-rows.js';
import { findSuspects, type Suspects } from './second-pass.js';
import { settle } from './settle.js';
import type { Finding } from './table-result.js';
import { inParallel, type WorkerPair, type Workers } from './workers.js';

export interface ExplainOptions {
  readonly workers: Workers;
  readonly hashing: Hashing;
  readonly equals: { readonly src: Equals; readonly dst: Equals };
  /** Rows that are told one by one, of all tables together. */
  readonly maxDifferences: number;
  /** Whether changes still arrive. */
  readonly replicating: boolean;
  /** Milliseconds that rows in flight are given to arrive. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly progress?: ((text: string) => void) | undefined;
}

/**
 * Suspected rows of a table that are kept in mind while changes arrive: most will turn out to be in flight. Where there
 * are more, the table is read again afterwards.
 */
const MOST_IN_FLIGHT = 2_000;

/** Rows that are read value by value in one statement. */
const KEYS_AT_ONCE = 500;

/** Says what is wrong with the tables whose digests differ. @returns nothing for those that turn out to be equal */
export async function explain(passes: readonly FirstPass[], options: ExplainOptions): Promise<Map<FullTable, Finding>> {
  const wrong = passes
    .filter(({ differing }) => differing.length > 0)
    // Those with few differences first: what they leave of their share goes to the others.
    .sort((a, b) => leastDiffering(a.differing) - leastDiffering(b.differing));
  return options.replicating ? explainMoving(wrong, options) : explainResting(wrong, options);
}

/** Nobody writes: what differs in the second pass differs. */
async function explainResting(wrong: readonly FirstPass[], options: ExplainOptions): Promise<Map<FullTable, Finding>> {
  const findings = new Map<FullTable, Finding>();
  const share = shares(options.maxDifferences, wrong.length);
  await inParallel(options.workers, wrong, async (sessions, pass) => {
    const most = share.take(pass.differing.reduce((sum, { src, dst }) => sum + src + dst, 0));
    options.progress?.(`"${pass.table.label}" differs: looking for the rows`);
    // A changed row without key is two: one that is gone and one that is too many.
    const listed = pass.table.keyed === null ? 2 * most : most;
    const suspects = await findSuspects(sessions, pass.table, pass.differing, options.hashing, listed);
    const finding = await describe(sessions, pass.table, suspects, most, options);
    share.giveBack(most - finding.differences.length);
    if (finding.differing > 0) findings.set(pass.table, finding);
  });
  return findings;
}

/** Changes arrive: what differs in the second pass is looked at until it agrees, or the time is up. */
async function explainMoving(wrong: readonly FirstPass[], options: ExplainOptions): Promise<Map<FullTable, Finding>> {
  const end = performance.now() + options.deadlineMs;
  const listed = Math.max(MOST_IN_FLIGHT, options.maxDifferences);
  const found: { readonly table: FullTable; readonly suspects: Suspects }[] = [];
  for (let todo = wrong; todo.length > 0;) {
    const read: { readonly pass: FirstPass; readonly suspects: Suspects }[] = [];
    await inParallel(options.workers, todo, async (sessions, pass) => {
      options.progress?.(`"${pass.table.label}" differs: looking for the rows`);
      const { table, differing } = pass;
      read.push({ pass, suspects: await findSuspects(sessions, table, differing, options.hashing, listed) });
    });
    const left = await stillDiffering(read, end, options);
    const again: FirstPass[] = [];
    for (const [place, { pass, suspects }] of read.entries()) {
      const keys = left[place] ?? [];
      const all = suspects.exact && suspects.differing === suspects.keys.length;
      if (pass.table.keyed === null) {
        if (suspects.differing > 0) found.push({ table: pass.table, suspects });
      } else if (keys.length > 0) {
        found.push({ table: pass.table, suspects: { keys, rows: [], differing: keys.length, exact: all } });
      } else if (!all && performance.now() < end) {
        again.push(pass);
      } else if (!all) {
        found.push({ table: pass.table, suspects: { ...suspects, keys: [], exact: false } });
      }
    }
    todo = again;
  }
  found.sort((a, b) => a.suspects.differing - b.suspects.differing);
  const findings = new Map<FullTable, Finding>();
  const share = shares(options.maxDifferences, found.length);
  await inParallel(options.workers, found, async (sessions, { table, suspects }) => {
    const most = share.take(suspects.differing);
    const finding = await describe(sessions, table, suspects, most, options);
    share.giveBack(most - finding.differences.length);
    if (finding.differing > 0) findings.set(table, finding);
  });
  return findings;
}

/** For each table the keys that still differ after a while. */
async function stillDiffering(
  read: readonly { readonly pass: FirstPass; readonly suspects: Suspects }[],
  end: number,
  { workers, equals, signal, progress }: ExplainOptions,
): Promise<string[][]> {
  const [src, dst] = [workers.src[0], workers.dst[0]];
  const keyed = read.flatMap(({ pass, suspects }, place) =>
    pass.table.keyed === null ? [] : [{ place, table: pass.table.keyed, keys: suspects.keys }],
  );
  const left: string[][] = read.map(() => []);
  if (src === undefined || dst === undefined || keyed.length === 0) return left;
  const settled = await settle({ src, dst, equals }, keyed, { deadlineMs: end - performance.now(), signal, progress });
  for (const [index, { place }] of keyed.entries()) left[place] = settled[index] ?? [];
  return left;
}

/** Reads the rows that are to be told one by one. */
async function describe(
  sessions: WorkerPair,
  table: FullTable,
  { keys, rows, differing, exact }: Suspects,
  most: number,
  { hashing, equals, replicating }: ExplainOptions,
): Promise<Finding> {
  if (table.keyed === null) {
    const differences = await describeRows(sessions, table, rows.slice(0, 2 * most), hashing);
    return { differing, exact, differences: differences.slice(0, most) };
  }
  const listed = keys.slice(0, most);
  const told = await readKeys({ ...sessions, equals }, table.keyed, listed);
  // What has arrived after all is no difference.
  const still = replicating ? told.filter(differs) : told;
  const differences = withoutDoubles(still, table.keyed.src.key);
  const fewer = (replicating ? listed.length : told.length) - differences.length;
  return { differing: differing - fewer, exact, differences };
}

async function readKeys(sessions: SessionPair, table: KeyedTable, keys: readonly string[]): Promise<Difference[]> {
  const told: Difference[] = [];
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    const [page] = await readDifferences(sessions, [table], [keys.slice(start, start + KEYS_AT_ONCE)]);
    told.push(...(page?.values() ?? []));
  }
  return told;
}

function differs({ missingOn, columns }: Difference): boolean {
  return missingOn !== null || columns.length > 0;
}

/** A row whose key is equal but not the same (1.0 and 1.00) is found by both texts. */
function withoutDoubles(differences: readonly Difference[], key: readonly string[]): Difference[] {
  const seen = new Set<string>();
  return differences.filter(({ columns }) => {
    if (!columns.some(({ name }) => key.includes(name))) return true;
    const text = JSON.stringify(columns);
    const first = !seen.has(text);
    seen.add(text);
    return first;
  });
}

/** Shares the number of rows that are told one by one out among tables. */
function shares(total: number, tables: number): { take(most: number): number; giveBack(rows: number): void } {
  let [left, waiting] = [total, tables];
  return {
    take: (most) => {
      const share = Math.min(most, Math.ceil(left / Math.max(1, waiting)));
      left -= share;
      waiting -= 1;
      return share;
    },
    giveBack: (rows) => {
      left += rows;
    },
  };
}
