import type pg from 'pg';

/** Where a sequence stands. */
interface State {
  /** The value that it gives out next; beyond its limit where it is used up. */
  readonly next: bigint;
  readonly ascending: boolean;
  readonly cycles: boolean;
}

/** The sequences of the schemas, by quoted name. */
export async function readSequences(client: pg.ClientBase, schemas: readonly string[]): Promise<Map<string, State>> {
  const { rows } = await client.query<{ name: string; increment: string; cycles: boolean }>(
    `SELECT format('%I.%I', nspname, relname) AS name, seqincrement::text AS increment, seqcycle AS cycles
       FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = ANY ($1) AND relpersistence <> 't'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY 1`,
    [schemas],
  );
  const found = new Map<string, State>();
  for (const { name, increment, cycles } of rows) {
    const { rows: state } = await client.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value::text, is_called FROM ${name}`,
    );
    const [at] = state;
    if (at === undefined) continue;
    const step = BigInt(increment);
    found.set(name, { next: BigInt(at.last_value) + (at.is_called ? step : 0n), ascending: step > 0n, cycles });
  }
  return found;
}

/** What is wrong with the second sequence, if it goes on for the first; null when nothing. */
export function sequenceFault(first: State, second: State | undefined): string | null {
  if (second === undefined) return 'is missing';
  if (first.cycles)
    return first.next === second.next ? null : `stands at ${String(second.next)}, not ${String(first.next)}`;
  const behind = first.ascending ? second.next < first.next : second.next > first.next;
  return behind ? `gives out ${String(second.next)} next, before the other's ${String(first.next)}` : null;
}
