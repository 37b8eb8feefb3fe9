import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { readSequences, type FedColumn, type Sequence } from '../postgres/catalog/sequences.js';
import { describeAddress } from '../postgres/failures.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { sequenceTarget, type SequenceMethod, type SequenceState } from './sequence-target.js';

/** What became of one sequence. Values beyond JavaScript's safe integers are strings. */
export interface SequenceResult {
  name: string;
  source_value: number | string;
  /** Where it stands on the destination now. */
  destination_value: number | string;
  synced: boolean;
  method: SequenceMethod;
  skipped_reason: string | null;
}

export interface SequencesResult {
  schema_name: string;
  stride: number;
  pk_sequences: SequenceResult[];
  non_pk_sequences: SequenceResult[];
}

export interface RaiseOptions {
  readonly schema: string;
  /** The sequences wanted; none means all. */
  readonly only: readonly string[];
  /** How many values to leave out behind the followed value, for sequences that feed no primary key. */
  readonly stride?: number;
}

/** Sub-selects in one statement when the highest values of columns are asked for. */
const BATCH = 500;

/** Sets the destination's sequences so that no value is given out twice; see raiseSequences(). */
export async function syncSequences(pair: Pair, { stride = 0 }: { stride?: number } = {}): Promise<SequencesResult> {
  const { src, dst } = await pair.roots();
  return raiseSequences(src, dst, { schema: pair.schema, only: pair.config.sequences, stride });
}

/**
 * Sets the sequences of `to` at least as far as those of `from`, and at least as far as the columns of `to` that they
 * feed; never backwards, but for cycling ones, which take over the value. Works in either direction (a rollback goes
 * from destination to source): in the result "source" is `from` and "destination" is `to`. Nobody may use the
 * sequences of `from` meanwhile. Takes three to five statements, whatever the number of sequences.
 * @throws RefusedError naming the sequences that `to` lacks, or those whose bounds on `to` do not hold the value
 */
export async function raiseSequences(from: Session, to: Session, options: RaiseOptions): Promise<SequencesResult> {
  const { schema, only, stride = 0 } = options;
  const [followed, all] = await Promise.all([readSequences(from, schema, only), readSequences(to, schema, [])]);
  const found = new Map(all.map((sequence) => [sequence.name, sequence]));
  const pairs = followed.flatMap((source) => {
    const own = found.get(source.name);
    return own === undefined ? [] : [{ source, own }];
  });
  if (pairs.length < followed.length) refuseLacking(from, to, followed, found);
  const edges = await readEdges(
    to,
    pairs.map(({ own }) => own),
  );
  const plans = pairs.map(({ source, own }) => {
    const behindKey = own.feeds.some(({ inPrimaryKey }) => inPrimaryKey);
    const edge = edges.get(own.oid) ?? null;
    return { source, own, behindKey, ...sequenceTarget(source, own, { edge, behindKey, stride: BigInt(stride) }) };
  });
  refuseOutOfBounds(to, plans);
  await setValues(
    to,
    plans.flatMap(({ own, set }) => (set === null ? [] : [{ ...set, oid: own.oid }])),
  );
  const result: SequencesResult = { schema_name: schema, stride, pk_sequences: [], non_pk_sequences: [] };
  for (const { source, own, behindKey, set, method } of plans) {
    (behindKey ? result.pk_sequences : result.non_pk_sequences).push({
      name: own.name,
      source_value: jsonInteger(source.lastValue),
      destination_value: jsonInteger((set ?? own).lastValue),
      synced: set !== null,
      method,
      skipped_reason: set === null ? 'already at or past the value needed' : null,
    });
  }
  return result;
}

function refuseLacking(from: Session, to: Session, followed: readonly Sequence[], found: Map<string, Sequence>): never {
  const lacking = followed.filter(({ name }) => !found.has(name)).map(({ name }) => name);
  throw new RefusedError(
    `${describeAddress(to.address)} lacks sequences of the ${describeAddress(from.address)}: ${lacking.map((name) => `"${name}"`).join(', ')}`,
    {
      hint: 'Load the schema there first, or name the sequences that should move in the config ("sequences").',
      detail: { side: to.address.side, missing: lacking },
    },
  );
}

function refuseOutOfBounds(to: Session, plans: readonly { own: Sequence; set: SequenceState | null }[]): void {
  const outside = plans.filter(({ own, set }) => set !== null && (set.lastValue < own.min || set.lastValue > own.max));
  if (outside.length === 0) return;
  const described = outside.map(
    ({ own, set }) =>
      `"${own.name}" must stand at ${String(set?.lastValue)}, but goes from ${String(own.min)} to ${String(own.max)}`,
  );
  throw new RefusedError(`${describeAddress(to.address)}: sequences are too narrow: ${described.join('; ')}`, {
    hint: 'Give them the same MINVALUE and MAXVALUE on both sides (ALTER SEQUENCE).',
    detail: { side: to.address.side, sequences: outside.map(({ own }) => own.name) },
  });
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

async function setValues(session: Session, states: readonly (SequenceState & { oid: number })[]): Promise<void> {
  if (states.length === 0) return;
  await session.query(
    `SELECT count(setval(s.oid::regclass, s.value, s.called))
     FROM unnest($1::oid[], $2::int8[], $3::bool[]) AS s (oid, value, called)`,
    [states.map(({ oid }) => oid), states.map(({ lastValue }) => lastValue), states.map(({ isCalled }) => isCalled)],
  );
}

function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
