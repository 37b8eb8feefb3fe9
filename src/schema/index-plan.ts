import type { CarriedIndex, IndexDefinition, IndexFacts } from '../postgres/catalog/indexes.js';
import { ident, literal, qualified } from '../postgres/quote.js';

/** One statement about an index. */
export interface IndexPart {
  readonly part: 'create' | 'attach' | 'comment' | 'cluster' | 'statistics';
  /** Of statistics: the column that gets a target. */
  readonly column: number | null;
  readonly sql: string;
  /** Changed by hand: what the catalog says does not tell whether it was run. */
  readonly edited: boolean;
}

/** An index that can wait until the data is there, with all that makes it. */
export interface IndexPlan {
  readonly index: CarriedIndex;
  readonly parts: readonly IndexPart[];
}

/** What is to be done about one index on the destination. */
export interface MissingIndex {
  readonly index: CarriedIndex;
  /** An INVALID one of that name has to go first. */
  readonly replace: boolean;
  /** CREATE INDEX, or null where it is there and only what follows is missing. */
  readonly create: string | null;
  /** Comment, CLUSTER ON, statistics targets. */
  readonly finish: readonly string[];
  /** ALTER INDEX ... ATTACH PARTITION, or null. */
  readonly attach: string | null;
}

/** The statements that make an index as it is. */
export function planIndex({ definition, ...index }: IndexDefinition): IndexPlan {
  return { index, parts: indexParts(index, definition) };
}

/** The statement that attaches an index that is there already to the one that it is a partition's of. */
export function planAttachment(index: CarriedIndex): IndexPlan {
  return { index, parts: indexParts(index, '').filter(({ part }) => part === 'attach') };
}

/** @param definition CREATE INDEX */
export function indexParts(index: CarriedIndex, definition: string): IndexPart[] {
  const { schema } = index;
  const name = qualified(schema, index.name);
  const part = (kind: IndexPart['part'], sql: string, column: number | null = null): IndexPart => ({
    part: kind,
    column,
    sql,
    edited: false,
  });
  const { parent, comment, clustered, statistics } = index;
  return [
    part('create', definition),
    ...(parent === null
      ? []
      : [part('attach', `ALTER INDEX ${qualified(parent.schema, parent.name)} ATTACH PARTITION ${name}`)]),
    ...(comment === null ? [] : [part('comment', `COMMENT ON INDEX ${name} IS ${literal(comment)}`)]),
    ...(clustered
      ? [part('cluster', `ALTER TABLE ${qualified(schema, index.table)} CLUSTER ON ${ident(index.name)}`)]
      : []),
    ...statistics.map(({ column, target }) =>
      part('statistics', `ALTER INDEX ${name} ALTER COLUMN ${String(column)} SET STATISTICS ${String(target)}`, column),
    ),
  ];
}

/** What has to be run so that the destination's index (undefined: not there) is as planned. */
export function whatIsMissing({ index, parts }: IndexPlan, there: IndexFacts | undefined): MissingIndex {
  // A partitioned index is INVALID until all of its partitions' are attached; that is mended by attaching.
  const broken = there !== undefined && !there.valid && !there.partitioned;
  const has = broken ? undefined : there;
  const lacking = parts.filter((part) => lacks(part, index, has));
  const sqlOf = (kind: IndexPart['part']): string | null => lacking.find(({ part }) => part === kind)?.sql ?? null;
  return {
    index,
    replace: broken,
    create: sqlOf('create'),
    finish: lacking.filter(({ part }) => part !== 'create' && part !== 'attach').map(({ sql }) => sql),
    attach: sqlOf('attach'),
  };
}

function lacks({ part, column, edited }: IndexPart, index: CarriedIndex, has: IndexFacts | undefined): boolean {
  if (has === undefined) return true;
  const target = ({ statistics }: CarriedIndex): number | undefined =>
    statistics.find((one) => one.column === column)?.target;
  switch (part) {
    case 'create':
      return false;
    case 'attach':
      return has.parent === null;
    case 'comment':
      return !edited && has.comment !== index.comment;
    case 'cluster':
      return !edited && !has.clustered;
    case 'statistics':
      return !edited && target(has) !== target(index);
  }
}
