import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../../errors.js';
import { lookUpBoth, type KeyedTable, type SessionPair } from '../compare-keyed.js';

/** Rows that may just be in flight: their keys, as JSON, by table. */
export type SuspectedKeys = readonly { readonly table: KeyedTable; readonly keys: readonly string[] }[];

export interface SettleOptions {
  /** Milliseconds after which rows that still differ do differ. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly progress?: ((text: string) => void) | undefined;
}

/** Rows that are looked up at the same time: further ones have to wait. */
const KEYS_AT_ONCE = 5_000;

/**
 * A row that never rests can be caught only by looking often: so many times in a row, then a pause. Only where few rows
 * are left, since each time costs both servers an index lookup a row.
 */
const BURST = { keys: 50, looks: 40, pauseMs: 5 } as const;
const PAUSE_MS = 500;

/** Versions that are remembered of a row. */
const MOST_VERSIONS = 5_000;

/**
 * Looks at rows again and again, until the destination has what the source has, or had at an earlier look: then the row
 * has come over, and what was written since is on its way.
 * @returns for each table the keys of rows that still differ when the time is up
 */
export async function settle(
  sessions: SessionPair,
  suspected: SuspectedKeys,
  { deadlineMs, signal, progress }: SettleOptions,
): Promise<string[][]> {
  const end = performance.now() + deadlineMs;
  let pending = suspected.flatMap(({ keys }, place) =>
    keys.map((key): Pending => ({ place, key, versions: new Set() })),
  );
  let told = 0;
  for (let look = 1; ; look += 1) {
    const left: Pending[] = [];
    for (let start = 0; start < pending.length; start += KEYS_AT_ONCE)
      left.push(...(await lookAgain(sessions, suspected, pending.slice(start, start + KEYS_AT_ONCE))));
    pending = left;
    if (pending.length === 0 || performance.now() >= end) break;
    if (pending.length !== told)
      progress?.(`${String(pending.length)} rows differ: looking whether they are on their way`);
    told = pending.length;
    const resting = pending.length > BURST.keys || look % BURST.looks === 0;
    await sleep(resting ? PAUSE_MS : BURST.pauseMs, undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted while rows were compared');
    });
  }
  return suspected.map((_, place) => pending.filter((one) => one.place === place).map(({ key }) => key));
}

interface Pending {
  /** The table's place in the list. */
  readonly place: number;
  readonly key: string;
  /** What the source has shown of the row; an empty text for no row. */
  readonly versions: Set<string>;
}

/** @returns those that still differ */
async function lookAgain(
  sessions: SessionPair,
  suspected: SuspectedKeys,
  pending: readonly Pending[],
): Promise<Pending[]> {
  const byTable = suspected.map((_, place) => pending.filter((one) => one.place === place));
  const keys = byTable.map((list) => list.map(({ key }) => key));
  const tables = suspected.map(({ table }) => table);
  const [src, dst] = await lookUpBoth(sessions, tables, keys, keys);
  return byTable.flatMap((list, place) =>
    list.filter(({ versions }, n) => {
      const source = (src[place]?.[n] ?? []).join();
      const destination = (dst[place]?.[n] ?? []).join();
      if (source === destination || versions.has(destination)) return false;
      if (versions.size < MOST_VERSIONS) versions.add(source);
      return true;
    }),
  );
}
