import { readSequences, type FedColumn, type Sequence } from '../postgres/catalog/sequences.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Label, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { sequenceTarget, type SequenceTarget } from './sequence-target.js';

/** Where a sequence stands on both servers, and where it must be set. Nothing is changed here. */
export interface SequencePlan extends SequenceTarget {
  /** The sequence to follow. */
  readonly source: Sequence;
  /** The sequence to set. */
  readonly own: Sequence;
  /** Whether it feeds a primary key. */
  readonly behindKey: boolean;
}

export interface SequencePlans {
  readonly plans: readonly SequencePlan[];
  /** The sequences that `to` does not have. */
  readonly lacking: readonly Label[];
}

export interface SequenceOptions {
  readonly schemas: Schemas;
  /** The sequences wanted; none means all. */
  readonly only: readonly string[];
  /** How many values to leave out behind the followed value, for sequences that feed no primary key. */
  readonly stride?: number;
}

/** Sub-selects in one statement when the highest values of columns are asked for. */
const BATCH = 500;

/**
 * Reads the sequences of both servers, and decides for each of `from` where that of `to` must stand so that it gives out
 * no value twice. Takes two to four statements, whatever the number of sequences.
 * @throws RefusedError naming the sequences of `only` that `from` lacks
 */
export async function planSequences(
  from: Session,
  to: Session,
  { schemas, only, stride = 0 }: SequenceOptions,
): Promise<SequencePlans> {
  const [followed, all] = await Promise.all([readSequences(from, schemas, only), readSequences(to, schemas, [])]);
  const found = new Map(all.map((sequence) => [sequence.label, sequence]));
  const pairs = followed.flatMap((source) => {
    const own = found.get(source.label);
    return own === undefined ? [] : [{ source, own }];
  });
  const edges = await readEdges(
    to,
    pairs.map(({ own }) => own),
  );
  const plans = pairs.map(({ source, own }) => {
    const behindKey = own.feeds.some(({ inPrimaryKey }) => inPrimaryKey);
    const edge = edges.get(own.oid) ?? null;
    return { source, own, behindKey, ...sequenceTarget(source, own, { edge, behindKey, stride: BigInt(stride) }) };
  });
  return { plans, lacking: followed.map(({ label }) => label).filter((label) => !found.has(label)) };
}

/** Why the sequence cannot be made to follow the other one, as a sentence without its name; null when it can. */
export function whyUnfit({ source, own, set }: SequencePlan): string | null {
  const [there, here] = [source, own].map(({ increment }) => (increment > 0n ? 'up' : 'down'));
  if (there !== here) return `counts ${String(here)}, but the one that it follows counts ${String(there)}`;
  if (set === null || (set.lastValue >= own.min && set.lastValue <= own.max)) return null;
  return `must stand at ${String(set.lastValue)}, but goes from ${String(own.min)} to ${String(own.max)}`;
}

/** A 64-bit value for JSON: a number where it is a safe integer, else a string. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** For every sequence that feeds columns: the value furthest in its direction among them. Cycling ones have none. */
async function readEdges(session: Session, sequences: readonly Sequence[]): Promise<Map<number, bigint>> {
  const selects = sequences.flatMap((sequence) =>
    sequence.cycle ? [] : sequence.feeds.filter(worthReading).map((column) => edgeSelect(sequence, column)),
  );
  const edges = new Map<number, bigint>();
  for (let start = 0; start < selects.length; start += BATCH) {
    const rows = await session.query<{ oid: number; edge: string | null; down: boolean }>(
      selects.slice(start, start + BATCH).join(' UNION ALL '),
    );
    for (const { oid, edge, down } of rows) {
      if (edge === null) continue;
      const value = BigInt(edge);
      const known = edges.get(oid);
      if (known === undefined || (down ? value < known : value > known)) edges.set(oid, value);
    }
  }
  return edges;
}

/** A large table without a fitting index would have to be read in whole, in the downtime: only for its key. */
function worthReading({ inPrimaryKey, cheapMax }: FedColumn): boolean {
  return inPrimaryKey || cheapMax;
}

function edgeSelect({ oid, increment }: Sequence, { schema, table, column }: FedColumn): string {
  const down = increment < 0n;
  const edge = `SELECT ${down ? 'min' : 'max'}(${ident(column)})::text FROM ${qualified(schema, table)}`;
  return `SELECT ${String(oid)}::oid AS oid, ${String(down)} AS down, (${edge}) AS edge`;
}
