import { CheckFailedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import type { Schemas } from '../postgres/schemas.js';
import type { InventoryDigest } from './inventory/read.js';
import type { Difference } from './inventory/compare.js';
import { describeDifferences, readDigests, schemaDifferences } from './differences.js';

/** The proof at the end of a migration that nothing of the schema is lost. */
export interface SchemaCheck {
  /** Reads the source's schema while other work is done; it does not change any more. */
  readonly read: Step;
  /** Compares all of it with the destination's, when everything has been made there. */
  readonly compare: Step;
}

interface Options {
  /** Whether a difference that an application would meet is a failure; else all are only told. */
  readonly strict: boolean;
  /** Gets what differs. */
  readonly keep: (differences: readonly Difference[]) => void;
}

export function schemaCheck(pair: Pair, { strict, keep }: Options): SchemaCheck {
  let source: Promise<readonly InventoryDigest[]> | undefined;
  const read = (): Promise<readonly InventoryDigest[]> => (source ??= readDigests(pair, 'src'));
  const listed = pair.config.tables.length > 0;
  const skip = (): Promise<string | null> =>
    Promise.resolve(listed ? 'the config lists tables, so only a part of the schema moves' : null);
  return {
    read: {
      name: 'read-source-schema',
      title: 'read the schema of the source',
      readOnly: true,
      done: skip,
      run: async () => `${String((await read()).reduce((sum, { objects }) => sum + objects, 0))} objects and parts`,
    },
    compare: {
      name: 'compare-schemas',
      title: 'compare the schemas of both sides, object by object',
      done: skip,
      run: async () => {
        const differences = await schemaDifferences(pair, { full: true, source: read });
        keep(differences);
        if (differences.length === 0) return 'they are the same';
        const grave = strict ? differences.filter(matters) : [];
        if (grave.length === 0) return `WARNING: ${describeDifferences(differences)}`;
        throw lost(pair, await pair.schemas(), grave, differences);
      },
    },
  };
}

/**
 * Whether an application, or the data, may fare otherwise for it: something that the destination has besides, a comment
 * and statistics for the planner do no such thing.
 */
function matters({ kind, problem, src, dst }: Difference): boolean {
  // pg_dump itself writes the columns of an inheritance child in another order.
  if (problem === 'extra' || kind === 'statistics' || kind === 'order of columns') return false;
  if (problem === 'missing') return true;
  // A source to which rows come back lets triggers fire in another way; see quietSourceStep().
  const [from, to] = [src ?? [], dst ?? []].map((lines) =>
    lines.filter((line) => !HARMLESS.test(line) && !(kind === 'trigger' && line.startsWith('enabled '))),
  );
  if (from === undefined || to === undefined) return true;
  // Rows that are there break it: see validateChecksStep(), which names it.
  const notValid = kind === 'constraint' && to.join('\n') === `${from.join('\n')} NOT VALID`;
  return from.length + to.length > 0 && !notValid;
}

/** The beginnings of lines of an inventory that say nothing of how the object works. */
const HARMLESS = /^(comment|statistics targets?|clustered on|owned by) ?/;

function lost(
  pair: Pair,
  schemas: Schemas,
  grave: readonly Difference[],
  all: readonly Difference[],
): CheckFailedError {
  return new CheckFailedError(
    `${schemas.words} of the ${pair.dst.toString()} ${schemas.names.length === 1 ? "is not what the source's is" : "are not what the source's are"}: ${describeDifferences(grave)}`,
    {
      hint:
        'Make on the destination what is missing ("belt diff-schemas --full" shows every line of it), then run the same command again; ' +
        'what the application can do without need not hold it up. Rows and sequences are not concerned.',
      detail: {
        side: 'dst',
        schema: schemas.text,
        differences: all.map(({ kind, object, problem }) => ({ kind, object, problem })),
      },
    },
  );
}
