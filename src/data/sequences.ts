import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { describeAddress } from '../postgres/failures.js';
import type { Session } from '../postgres/session.js';
import { jsonInteger, planSequences, whyUnfit, type SequenceOptions, type SequencePlan } from './sequence-plans.js';
import type { SequenceMethod, SequenceState } from './sequence-target.js';

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

export interface RaiseOptions extends SequenceOptions {
  /** Only looks: the result says of each sequence where it would be set. */
  readonly dryRun?: boolean;
}

/** Sets the destination's sequences so that no value is given out twice; see raiseSequences(). */
export async function syncSequences(
  pair: Pair,
  options: Pick<RaiseOptions, 'stride' | 'dryRun'> = {},
): Promise<SequencesResult> {
  const { src, dst } = await pair.roots();
  return raiseSequences(src, dst, { schemas: await pair.schemas(), only: pair.config.sequences, ...options });
}

/**
 * Sets the sequences of `to` at least as far as those of `from`, and at least as far as the columns of `to` that they
 * feed; never backwards, but for cycling ones, which take over the value. Works in either direction (a rollback goes
 * from destination to source): in the result "source" is `from` and "destination" is `to`. Nobody may use the
 * sequences of `from` meanwhile. Takes three to five statements, whatever the number of sequences.
 * @throws RefusedError naming the sequences that `to` lacks, or those whose bounds on `to` do not hold the value
 */
export async function raiseSequences(from: Session, to: Session, options: RaiseOptions): Promise<SequencesResult> {
  const { schemas, stride = 0, dryRun = false } = options;
  const { plans, lacking } = await planSequences(from, to, options);
  if (lacking.length > 0) refuseLacking(from, to, lacking);
  refuseUnfit(to, plans);
  const done = dryRun ? new Set<number>() : await setValues(to, plans);
  const result: SequencesResult = { schema_name: schemas.text, stride, pk_sequences: [], non_pk_sequences: [] };
  for (const { source, own, behindKey, set, method } of plans) {
    const synced = set !== null && done.has(own.oid);
    (behindKey ? result.pk_sequences : result.non_pk_sequences).push({
      name: own.label,
      source_value: jsonInteger(source.lastValue),
      destination_value: jsonInteger((synced ? set : own).lastValue),
      synced,
      method,
      skipped_reason: synced ? null : whySkipped(set, dryRun),
    });
  }
  return result;
}

function whySkipped(set: SequenceState | null, dryRun: boolean): string {
  if (set === null) return 'already at or past the value needed';
  return dryRun ? `only planned: would be set to ${String(set.lastValue)}` : 'has gone further meanwhile';
}

function refuseLacking(from: Session, to: Session, lacking: readonly string[]): never {
  throw new RefusedError(
    `${describeAddress(to.address)} lacks sequences of the ${describeAddress(from.address)}: ${lacking.map((name) => `"${name}"`).join(', ')}`,
    {
      hint: 'Load the schema there first, or name the sequences that should move in the config ("sequences").',
      detail: { side: to.address.side, missing: lacking },
    },
  );
}

function refuseUnfit(to: Session, plans: readonly SequencePlan[]): void {
  const unfit = plans.flatMap((plan) => {
    const reason = whyUnfit(plan);
    return reason === null ? [] : [{ name: plan.own.label, reason }];
  });
  if (unfit.length === 0) return;
  const described = unfit.map(({ name, reason }) => `"${name}" ${reason}`);
  throw new RefusedError(
    `${describeAddress(to.address)}: sequences do not fit those that they follow: ${described.join('; ')}`,
    {
      hint: 'Give them the same INCREMENT, MINVALUE and MAXVALUE on both sides (ALTER SEQUENCE).',
      detail: { side: to.address.side, sequences: unfit.map(({ name }) => name) },
    },
  );
}

/**
 * Sets the sequences. One that has gone further since it was read stays there: applications may be at work already.
 * @returns the OIDs of those that were set
 */
async function setValues(session: Session, plans: readonly SequencePlan[]): Promise<Set<number>> {
  const changes = plans.flatMap(({ own, set }) => (set === null ? [] : [{ own, set }]));
  if (changes.length === 0) return new Set();
  const rows = await session.query<{ oid: number }>(
    `SELECT s.oid
     FROM unnest($1::oid[], $2::int8[], $3::bool[], $4::int[]) AS s (oid, value, called, forward)
     -- CASE keeps the order. As numeric: the difference of two 64-bit numbers may need one bit more. NULL when it was
     -- never called.
     WHERE CASE WHEN coalesce((s.value::numeric - pg_sequence_last_value(s.oid)) * s.forward >= 0, true)
                THEN setval(s.oid::regclass, s.value, s.called) IS NOT NULL END`,
    [
      changes.map(({ own }) => own.oid),
      changes.map(({ set }) => set.lastValue),
      changes.map(({ set }) => set.isCalled),
      changes.map(({ own }) => (own.cycle ? 0 : own.increment > 0n ? 1 : -1)),
    ],
  );
  return new Set(rows.map(({ oid }) => oid));
}
