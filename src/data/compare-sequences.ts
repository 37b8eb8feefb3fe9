import { CheckFailedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Sequence } from '../postgres/catalog/sequences.js';
import { readSequences } from '../postgres/catalog/sequences.js';
import type { Schemas } from '../postgres/schemas.js';
import { jsonInteger, planSequences, whyUnfit, type SequencePlan } from './sequence-plans.js';

/** How a sequence stands on both sides. Values beyond JavaScript's safe integers are strings. */
export interface ComparedSequence {
  name: string;
  source_value: number | string;
  /** null when the destination has no such sequence. */
  destination_value: number | string | null;
  destination_ok: boolean;
  reason: string | null;
}

export interface SequenceComparison {
  schema_name: string;
  sequences: ComparedSequence[];
  result: 'match' | 'mismatch';
}

/** Sequences told in a message, at most. */
const TOLD = 3;

/**
 * Compares the sequences of both sides, and changes nothing. A sequence of the destination is well when syncSequences()
 * would leave it alone: it gives out no value that the source has given out, and none that its columns hold already. One
 * that cycles gives out every value again anyway; it is well when it stands where the source's stands.
 * @throws RefusedError naming the sequences of the config that the source lacks
 */
export async function compareSequences(
  pair: Pair,
): Promise<{ readonly result: SequenceComparison; readonly error?: CheckFailedError }> {
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const { plans, lacking } = await planSequences(src, dst, { schemas, only: pair.config.sequences });
  const missing = lacking.length === 0 ? [] : await readSequences(src, schemas, lacking);
  const sequences = [...plans.map(compared), ...missing.map(notThere)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const wrong = sequences.filter(({ destination_ok }) => !destination_ok);
  const result: SequenceComparison = {
    schema_name: schemas.text,
    sequences,
    result: wrong.length === 0 ? 'match' : 'mismatch',
  };
  return wrong.length === 0 ? { result } : { result, error: mismatch(pair, schemas, sequences.length, wrong, lacking) };
}

function compared(plan: SequencePlan): ComparedSequence {
  const { source, own } = plan;
  const reason = whyUnfit(plan) ?? whyBehind(plan);
  return {
    name: own.label,
    source_value: jsonInteger(source.lastValue),
    destination_value: jsonInteger(own.lastValue),
    destination_ok: reason === null,
    reason,
  };
}

function whyBehind({ source, own, set, method }: SequencePlan): string | null {
  if (set === null) return null;
  const next = `would next give out ${String(own.isCalled ? own.lastValue + own.increment : own.lastValue)}`;
  if (own.cycle) return `cycles, and does not stand where the source's stands`;
  if (method === 'pk_max') return `${next}, but rows on the destination hold ${String(set.lastValue)} already`;
  return source.isCalled
    ? `${next}, but the source has given out ${String(source.lastValue)}`
    : `${next}, but the source begins with ${String(source.lastValue)}`;
}

function notThere({ label, lastValue }: Sequence): ComparedSequence {
  return {
    name: label,
    source_value: jsonInteger(lastValue),
    destination_value: null,
    destination_ok: false,
    reason: 'is not on the destination',
  };
}

function mismatch(
  pair: Pair,
  schemas: Schemas,
  count: number,
  wrong: readonly ComparedSequence[],
  lacking: readonly string[],
): CheckFailedError {
  const told = wrong.slice(0, TOLD).map(({ name, reason }) => `"${name}" ${reason ?? ''}`);
  const more = wrong.length > TOLD ? `; and ${String(wrong.length - TOLD)} more` : '';
  const load = lacking.length === 0 ? '' : 'Load the schema for those that are missing. ';
  return new CheckFailedError(
    `${String(wrong.length)} of ${String(count)} sequences of ${schemas.words} ${wrong.length === 1 ? 'is' : 'are'} not fit to go on on the ${pair.dst.toString()}: ${told.join('; ')}${more}`,
    {
      hint: `${load}Before the cutover this is as it should be: belt sync sets the sequences. Else run belt sync-sequences.`,
      detail: { side: 'dst', sequences: wrong.map(({ name }) => name), missing: lacking },
    },
  );
}
